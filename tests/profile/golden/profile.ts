/** Makes profile.hex: `node tests/profile/golden/profile.ts > tests/profile/golden/profile.hex`. */
import { encodeProfile } from '../../../src/profile/index.ts';
import { observed, REFERENCE } from '../support.ts';

const profile = observed(REFERENCE, [
  { id: '1', text: 'raise the limit', label: 'a', confidence: 0.75, trueLabel: 'a' },
  { id: '2', text: 'zażółć 東京', label: 'new', confidence: 1 / 3, trueLabel: 'b' },
]);
console.log(Buffer.from(encodeProfile(profile)).toString('hex'));
