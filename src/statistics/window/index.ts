/** The statistics of one window against the reference. */
export { balancedUnits } from './balance.ts';
export { chiSquare, gTest } from './chi-square.ts';
export { cramerVonMises } from './cramer-von-mises.ts';
export { domainClassifier, type Domains } from './domain-classifier.ts';
export { energyDistance } from './energy.ts';
export { denseFeatures, fourierFeatures, hashedFeatures, medianDistance, type Features, type FourierOptions } from './features.ts';
export { hellinger } from './hellinger.ts';
export { jensenShannon } from './jensen-shannon.ts';
export { kolmogorovGap, kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
export { lInfinity } from './l-infinity.ts';
export { meanDiscrepancy, unitOf, type FeatureSum } from './mean-discrepancy.ts';
export { psi } from './psi.ts';
export { errorSums, fitPlane, reconstructionError, reconstructionShift, type ColumnSums, type ErrorSums, type Plane } from './reconstruction.ts';
export type { Guarantee, WindowOptions, WindowResult } from './result.ts';
export { labelTable, tableOf, type Counts, type OrderedTable, type Table } from './table.ts';
export { totalVariation } from './total-variation.ts';
export { wasserstein } from './wasserstein.ts';
