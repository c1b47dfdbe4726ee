/** What stands in the open places of the patterns. The numbers and codes alone make exact duplicates rare. */
import type { Random } from '../../lora/random.ts';
import { pick } from './grammar.ts';

const FIXED: Readonly<Record<string, readonly string[]>> = {
  month: ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'],
  day: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  when: ['today', 'this morning', 'since yesterday', 'last night', 'for three days', 'since the weekend', 'all week', 'this afternoon', 'since noon'],
  soon: ['tomorrow', 'next week', 'this weekend', 'on <day>', 'next <day>', 'before <month>', 'at the end of the month'],
  town: ['Ashmere', 'Calder Bridge', 'Dunhollow', 'Ellerby', 'Fenwick Cross', 'Greyport', 'Hollin', 'Kessing', 'Marlow End', 'Oakhurst', 'Pellam', 'Tarn Valley'],
  street: ['Mill Lane', 'Station Road', 'Birch Avenue', 'Harbour Street', 'Old Quarry Way', 'Chapel Rise', 'Juniper Close', 'Foundry Row'],
  country: ['Portugal', 'Norway', 'Japan', 'Canada', 'Morocco', 'Greece', 'Kenya', 'Brazil', 'Iceland', 'Turkey', 'Vietnam', 'Mexico'],
  room: ['kitchen', 'bedroom', 'attic', 'office', 'basement', 'living room', 'garage', 'kids room'],
  phone: ['Corvo 5', 'Lumen X2', 'Pilot Mini', 'Aria 12', 'Tessera Fold', 'Nimbus 3', 'Orbit S', 'Quill Lite'],
  gear: ['router', 'modem', 'mesh repeater', 'set top receiver', 'handset', 'charger', 'headset', 'antenna'],
  plan: ['Lark Basic', 'Lark Plus', 'Lark Max', 'Family Four', 'Student Saver', 'Fibre 250', 'Fibre 900', 'Talk Only'],
  relative: ['my wife', 'my husband', 'my son', 'my daughter', 'my mother', 'my father', 'my flatmate', 'our intern', 'my grandmother'],
  person: ['Mara', 'Ivo', 'Thea', 'Jonas', 'Priya', 'Tomas', 'Elin', 'Samir', 'Greta', 'Kofi', 'Nadia', 'Owen'],
  show: ['the evening news', 'the cup final', 'Harbour Lights', 'Night Ferry', 'the cooking show', 'Channel Nine', 'the cartoon channel'],
  app: ['the banking app', 'online games', 'video calls', 'the tax website', 'web shops', 'my email', 'the school portal'],
};

/** Fills one slot; fillers may hold slots themselves. */
export function fillSlot(slot: string, uniform: Random): string {
  const whole = (low: number, high: number) => low + Math.floor(uniform() * (high - low + 1));
  switch (slot) {
    case 'amount': return `${whole(4, 180)}${pick(['', '.50', '.99', ' euro', ' euros', ' dollars'], uniform)}`;
    case 'account': return String(whole(100_000, 999_999));
    case 'order': return `${pick(['LK', 'OR', 'P'], uniform)}${whole(1_000, 99_999)}`;
    case 'house': return `${whole(1, 240)} <street>`.replace('<street>', fillSlot('street', uniform));
    case 'gigabytes': return `${whole(1, 60)} ${pick(['gb', 'gigabytes', 'gigs'], uniform)}`;
    case 'hour': return `${whole(1, 12)} ${pick(['am', 'pm', 'o clock'], uniform)}`;
    case 'count': return String(whole(2, 9));
    default: {
      const fillers = FIXED[slot];
      if (fillers === undefined) throw new Error(`no filler for slot <${slot}>`);
      return pick(fillers, uniform).replace(/<(\w+)>/g, (_, inner: string) => fillSlot(inner, uniform));
    }
  }
}
