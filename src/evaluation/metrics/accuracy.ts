/** 1 for the right label, else 0. A label that an adapter does not know is its error: it can only answer another one. */
import type { Metric } from './metric.ts';

export const accuracy: Metric = {
  name: 'accuracy',
  score: ({ label, predicted }) => (label === predicted ? 1 : 0),
};
