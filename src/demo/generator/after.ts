/**
 * How the world changes. `REWORDED`: the same wishes in other words, as they come from a new channel (chat and voice) and from
 * renamed products ("hub", "passport", "chip"). `NEW`: intents that nobody had before.
 */
import type { Patterns } from './before.ts';

export const REWORDED: Patterns = {
  bill_amount: ['{whats|gimme} the damage {for <month>|this time|}', 'balance {due|outstanding} {on <account>|} {?|}', '{monthly|latest} statement, what figure {is on it|does it say}'],
  pay_bill: ['{clearing|squaring} what is outstanding {<soon>|now} {, <amount>|}', 'transfer <amount> to close {the <month>|this} balance', '{top off|zero out} my balance {with <amount>|<soon>|}'],
  billing_dispute: ['<amount> vanished from my {wallet|account} {by you|for <plan>}, explain', 'that line item {of <amount>|for <plan>} {is bogus|makes no sense|isnt mine}', 'statement looks off, {<amount> extra|double entry} {in <month>|}'],
  refund_status: ['{any news on|still nothing of} the reimbursement {for <order>|of <amount>|}', '{cash back|credit note} {for <order>|of <amount>} {hasnt landed|pending|where}', 'reimburse {me|} {already|finally}, {<count> weeks|its been ages}'],
  payment_card: ['{swap|rotate} {the plastic|my visa} {you bill|on the profile}', 'iban {changed|is different now} {, profile <account>|since <month>|}', 'wallet {outdated|needs a refresh}, {ends in <count>|new visa}'],
  change_plan: ['{bump|drop} me {up|down} to <plan> {<soon>|}', 'tariff {hop|swap} {into|towards} <plan> {doable|possible} {<soon>|}', '{something beefier|something leaner} than <plan> {around|}'],
  cancel_service: ['{im out|we are done}, {shut|close} everything {down|} {<soon>|by <month>}', '{drop|kill} <plan> {for good|<soon>|}', 'not renewing {after <month>|<plan>|anymore}'],
  outage: ['{everything dark|total blackout|zero bars} {in <town>|at <house>|on <street>} {<when>|}', 'red light on the hub, {whole block|all of <town>} {too|}', '{anyone else|is <town>} offline {<when>|}'],
  slow_internet: ['{crawling|snail pace|laggy} {<when>|in the <room>|on <app>}', 'ping {through the roof|is awful} {on <app>|after <hour>|}', '{getting|seeing} <count> megabits on <plan> {, joke|<when>|}'],
  router_setup: ['{unboxed|just got} the hub, {what next|which port} {, its in the <room>|}', 'pairing the hub {with|and} {the <room> pod|my <phone>}', '{hub|pod} {onboarding|first start} {stuck at step <count>|in the <room>|}'],
  reset_password: ['locked out of {my profile|<account>|the lark id} {<when>|}', 'passcode {blank|slipped my mind|rejected} {for the lark id|<count> times|}', 'two factor {code|text} {wont arrive|keeps failing} {<when>|}'],
  update_address: ['{relocating|new flat} : <house> {<town>|} {<soon>|}', 'post {still goes|is sent} to {the previous place|<street>} {, fix|}', '{whereabouts|residence} now <house> {<town>|}'],
  order_status: ['{eta|any eta} {on|for} {<order>|the <phone>}', '{parcel|courier} {lost|nowhere|stuck} {, <order>|in <town>|}', '<order> {dispatched|left the warehouse} {yet|}'],
  return_device: ['{dont want|sick of} the <phone>, {pickup|collect it} {<soon>|}', '{prepaid box|drop off point} for {the <gear>|<order>} {in <town>|}', 'within fourteen days, <gear> goes {home|back to sender}'],
  activate_sim: ['chip {inserted|popped in}, {stays grey|no signal at all} {, <phone>|}', '{wake up|go live with} the chip {<account>|in the <phone>}', 'chip {provisioning|pending} {<when>|on <phone>}'],
  lost_phone: ['{pickpocketed|robbed} in <town> {, freeze it|, <phone>|}', '{freeze|brick} the <phone> {asap|now}', 'left {it|the <phone>} in a {cab|bus} {in <country>|<when>|}, freeze the chip'],
  roaming: ['passport {add on|option} {for <country>|covers <country>}', '{heading|off} to <country> {<soon>|}, {surfing ok|will it bleed money}', '{holiday|overseas} {bundle|allowance} {<country>|for <country>}'],
  data_usage: ['{meter|counter} {reading|at} {for <month>|now|} {of <relative>|}', 'allowance {left|remaining} {on <plan>|for <relative>|}', '{refuel|top up} {my allowance|by <gigabytes>}'],
  add_line: ['{bring|hook} {<relative>|<person>} {aboard|onto my bundle}', 'companion {chip|seat} for {<relative>|<person>}', '{one seat more|<count> seats more} {on <plan>|}'],
  technician_visit: ['{engineer|fitter} {slot|coming} {<day>|at <hour>|<soon>}', '{reschedule|push back} the {engineer|fitter} {to <day>|past <hour>}', 'fitter {ghosted me|no show} {<day>|<when>|}'],
  repair: ['<phone> {shattered|drowned|bricked itself} {<when>|}', '{mend|fix up} {my <gear>|the <phone>} {, how pricey|}', '{care cover|lark care} {includes|for} {a cracked display|the <phone>}'],
  shop_hours: ['{branch|counter} in <town> {still manned|open late} {<day>|at <hour>|}', '{closest|any} branch {from <street>|to <town>}', 'walk in {<town>|} {<day>|past <hour>} {possible|ok}'],
  human_agent: ['{bot begone|useless bot}, {live chat|callback} {please|at <hour>|}', '{ring|phone} me {back|} {at <hour>|<day>}', 'escalate {to a supervisor|this|} {, <account>|now|}'],
  complaint: ['{zero|one} {stars|star} {for <person>|for the <town> branch|}', '{shame on|fed up with|lost faith in} {larkfield|you lot|<person>}', 'ombudsman {will hear|next} {, <count> weeks of this|}'],
};

export const NEW: Patterns = {
  esim_transfer: [
    '{move|transfer|copy} my esim {from|to} {the|my} <phone> {to the <phone>|}',
    'qr code for {the|my} esim {on <phone>|never came|} {<when>|}',
    'does the <phone> {take|support} {an esim|two esims}',
    '{download|load} {a|the} digital sim {profile|} {onto|for} {my|the} <phone>',
  ],
  tv_streaming: [
    '{show|channel} {<show>|} {freezes|is missing|has no sound} on lark tv {<when>|}',
    '{record|rewind|watch} <show> {on lark tv|on <day>|in the <room>}',
    'lark tv {app|} on {the|my} <phone> {shows a black picture|asks for a pin|}',
    'which {package|subscription} {has|includes} <show>',
  ],
  smart_home: [
    '{pair|add} the {camera|door lock|heating valve} {in the <room>|} {with|to} lark home',
    'the {door lock|camera|smoke sensor} {in the <room>|} {lost its connection|is offline} {<when>|}',
    '{turn|set} the heating in the <room> {down|to nineteen degrees} {at <hour>|}',
    'lark home {scene|rule} for {the <room>|<day> at <hour>} {does not run|please}',
  ],
  energy_tariff: [
    '{do you sell|what does} {green power|electricity|gas} {cost|in <town>|from larkfield}',
    '{submit|here is} my {electricity|gas} meter {reading|count} <account>',
    'kilowatt {price|hour price} {in <town>|from <month>} {with <plan>|}',
    'switch {my|our} {electricity|power} supplier to {you|larkfield} {<soon>|}',
  ],
  loyalty_points: [
    'how many {points|feathers} {do i have|are in my club account|expire in <month>}',
    '{redeem|spend} {my|<account>} {points|feathers} {for a <gear>|on a <phone>|}',
    '{points|feathers} {for|from} order <order> {are missing|never arrived}',
    'join the lark club {with account <account>|for <relative>|}',
  ],
  refer_friend: [
    '{i referred|i recruited} {<person>|a friend}, {where is my bonus|when do i get <amount>}',
    'send {<person>|<relative>} an invitation {code|link} {for <plan>|}',
    '{bonus|reward} for {bringing|inviting} {a friend|<person>|<count> friends}',
    'my invite {code|link} {does not work|was not counted} {for <person>|}',
  ],
  parental_controls: [
    '{block|limit} {<app>|adult sites} {for|on the phone of} {my son|my daughter|<person>}',
    '{screen time|bed time} {of|for} {my son|my daughter|<person>} {until <hour>|after <hour>|on <day>}',
    'kids {filter|profile} {is too strict|lets <app> through|for <person>}',
    'unlock <app> for {<person>|my daughter|my son} {until <hour>|}',
  ],
  scam_call: [
    'somebody {called|texted} {me|<relative>} {and claimed to be|pretending to be} {larkfield|your bank team}, {is that a scam|he wanted my code}',
    '{report|block} {spam|fraud} calls from number <account>',
    '{is|was} the {text|message} about {a parcel|<amount>|order <order>} {fake|phishing|from you}',
    'i {clicked|opened} a {phishing|fake} link {<when>|about <amount>|}',
  ],
};
