/** The compatibility set: what other tools detect with. No promise. */
export { adwin } from './adwin.ts';
export { cusum } from './cusum.ts';
export { ddm } from './ddm.ts';
export type { Detector, Signal } from './detector.ts';
export { eddm } from './eddm.ts';
export { hddmA } from './hddm-a.ts';
export { hddmW } from './hddm-w.ts';
export { kswin } from './kswin.ts';
export { pageHinkley } from './page-hinkley.ts';
