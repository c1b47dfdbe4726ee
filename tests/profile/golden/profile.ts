/**
 * Makes the stored bytes, of what there was before there were columns and of columns of every kind:
 * `node tests/profile/golden/profile.ts 1 > tests/profile/golden/profile.hex`, and with 3 profile-3.hex.
 */
import { encodeProfile } from '../../../src/profile/index.ts';
import { observed, PLAIN, WIDE, WIDE_ROWS } from '../support.ts';

const plain = () => observed(PLAIN, [
  { id: '1', text: 'raise the limit', label: 'a', confidence: 0.75, trueLabel: 'a' },
  { id: '2', text: 'zażółć 東京', label: 'new', confidence: 1 / 3, trueLabel: 'b' },
]);
const profile = process.argv[2] === '3' ? observed(WIDE, WIDE_ROWS) : plain();
console.log(Buffer.from(encodeProfile(profile)).toString('hex'));
