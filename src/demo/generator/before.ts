/** The intents of Larkfield, a made-up internet and phone company, and how its customers write before the world changes. */
export type Patterns = Readonly<Record<string, readonly string[]>>;

export const BEFORE: Patterns = {
  bill_amount: [
    '{how much is|what is|tell me} {my|the} {|current|latest} bill {|for <month>|this month}',
    '{what do i owe|how much do i owe} {you|larkfield} {for <month>|on account <account>|this time}',
    'show me the {total|amount} of {my|the} {<month>|last|next} bill',
    'is my bill {higher|lower} than <amount> {this month|in <month>}',
  ],
  pay_bill: [
    '{i want to|can i|let me|i need to} pay my {|<month>} bill {now|online|by card|with my bank|<soon>}',
    'pay <amount> {on|towards|for} account <account>',
    '{how can i|where do i} {settle|pay} the open invoice {of <amount>|from <month>}',
    'take <amount> from my {bank account|card} for the {bill|invoice}',
  ],
  billing_dispute: [
    '{i was|we were|i have been} charged {twice|<amount> too much|for something i never ordered} {in <month>|on my last bill|}',
    'there is {a wrong charge|an error|a mistake} of <amount> on {my|the} {<month>|} {bill|invoice}',
    'why {did you charge|am i charged} <amount> for <plan> {when|although} i {cancelled it|never had it}',
    'i {dispute|do not accept} the {fee|charge} of <amount>',
  ],
  refund_status: [
    '{where is|what happened to|when do i get} my refund {of <amount>|for the <gear>|for order <order>|}',
    '{has|is} the refund {for <order>|of <amount>} {been sent|on its way|done}',
    'i {sent back|returned} the <gear> {in <month>|<count> weeks ago} and still wait for {my money|the refund}',
    'how long does a refund {of <amount>|to my card|} take',
  ],
  payment_card: [
    '{change|update|replace} {my|the} {credit card|card|bank details} {on account <account>|on file|for the direct debit}',
    'my {old card|credit card} {expired|expires|was replaced} {in <month>|<soon>|} {, here is the new one|, how do i update it|, i have a new one}',
    'use {another|a different|my new} {card|bank account} for {payments|the monthly payment}',
    'i {got|have} a new {bank|credit card} and {want|need} to {register|add} it {with you|}',
  ],
  change_plan: [
    '{i want to|can i|please} {switch|upgrade|move|downgrade} {from <plan> to|to} <plan> {<soon>|}',
    '{is there|do you have} a {cheaper|faster|bigger|smaller} plan than <plan>',
    'what {would|does} it cost to change {my plan|<plan>} to <plan>',
    'put {me|<relative>} on <plan> {from <month>|<soon>|}',
  ],
  cancel_service: [
    '{i want to|please|how do i} {cancel|end|terminate} {my contract|my subscription|<plan>|account <account>} {in <month>|<soon>|}',
    'i am {leaving|moving away from} larkfield {<soon>|in <month>|for another company}',
    'stop {my service|my contract|<plan>} {at the end of|in} <month>',
    'what is the notice period {to cancel|for ending} {<plan>|my contract}',
  ],
  outage: [
    '{there is|we have|i have} no {internet|connection|service} {in <town>|at <house>} {<when>|}',
    '{is there|do you know of} {an outage|a breakdown|a network failure} {in <town>|around <street>|} {<when>|}',
    'the {internet|network|line} {is down|is dead|went off} {<when>|in <town>|in the whole street}',
    'when will the {outage|network failure} in <town> be {fixed|over}',
  ],
  slow_internet: [
    '{my|the|our} {internet|connection|wifi} is {very|so|too} slow {<when>|in the <room>|for <app>}',
    'i {pay for|have} <plan> but only get a {tenth|half|quarter} of the speed {<when>|}',
    '{pages|videos|downloads} {take forever|keep loading|buffer} {<when>|in the <room>|in the evening}',
    'the speed {drops|gets worse} {every evening|after <hour>|in the <room>}',
  ],
  router_setup: [
    'how do i {connect|install|set up} {my|the} {new|} router {in the <room>|at <house>|}',
    '{which|what} cable goes {into|from the wall to} the router',
    'what is the {wifi password|network name} {of|on} the {new|} router',
    'help me {configure|install} the {router|mesh repeater} {for <app>|in the <room>|}',
  ],
  reset_password: [
    'i {forgot|lost|cannot remember} {my|the} password {for account <account>|of the customer portal|}',
    '{reset|change} {my|the} {password|login} {please|for account <account>|of the portal}',
    '{i cannot|i am unable to} {log in|sign in} {to my account|to the portal|} {<when>|with my password|}',
    'the {password|reset} {link|email} {never came|does not work|has expired}',
  ],
  update_address: [
    '{i am moving|we move|i moved} to <house> {in <town>|} {<soon>|in <month>|}, {change my address|update my details|note the new address}',
    '{change|update} {my|the billing|the delivery} address to <house> {in <town>|}',
    'my {new|correct} address is <house> {, <town>|in <town>|}',
    'you {have|use} {the wrong|my old} address {in <town>|on <street>} {for account <account>|}',
  ],
  order_status: [
    '{where is|what is the status of|when will you deliver} {my order|order <order>|the <phone> i ordered}',
    '{has|is} {order <order>|my <phone>|the <gear>} {been shipped|shipped yet|on its way}',
    'track {order <order>|my order|my parcel}',
    'i ordered {a <phone>|a <gear>} {on <day>|in <month>|<count> days ago} and it {has not come|is not here yet}',
  ],
  return_device: [
    '{how do i|i want to|can i} {return|send back} {the|my} {<gear>|<phone>} {i bought in <month>|from order <order>|}',
    'where do i {send|bring} the {old|rented|broken|} <gear> {back|when my contract ends}',
    'i need a return {label|form} for {the <gear>|order <order>|my <phone>}',
    'the <phone> is not what i {wanted|expected}, {take it back|i send it back}',
  ],
  activate_sim: [
    '{activate|enable|switch on} my {new|} sim card {number <account>|for <phone>|}',
    'my {new|} sim {came|arrived} {on <day>|today|by post} {, how do i activate it|and is not active|, it says not registered}',
    'the sim card in {my|the} <phone> {is not active|is not registered} {yet|<when>}',
    'how long until {my|the} {new|} sim {is active|gets activated}',
  ],
  lost_phone: [
    '{i lost|somebody stole} my {phone|<phone>} {in <town>|on <day>|in the train} {, block it|, lock the sim|}',
    'block {the sim|the number|my line} {now|at once}, my <phone> was stolen',
    'my {phone|<phone>} {is gone|was stolen|got lost} {in <town>|<when>|in <country>}',
    '{lock|block} {the phone of <relative>|my stolen <phone>}',
  ],
  roaming: [
    '{does <plan>|does my plan} work in <country>',
    '{what does|how much is} {roaming|data abroad|calling home} {in|from} <country>',
    'i {travel|fly} to <country> {<soon>|in <month>}, {turn on roaming|can i use data there|what will it cost}',
    '{turn|switch} roaming {on|off} {for <country>|while i am abroad|}',
  ],
  data_usage: [
    'how {much data|many gigabytes} {do i have left|have i used|did i use} {in <month>|this month|on <plan>}',
    '{is|are} my <gigabytes> {used up|gone} {already|}',
    'show {me|} {my|the} data {usage|consumption} {of <relative>|for <month>|}',
    '{add|buy} <gigabytes> {more|of extra data} {for <month>|this month|}',
  ],
  add_line: [
    '{add|i want} {another|a second|an extra} {line|number} {for <relative>|to account <account>|on <plan>}',
    'can {<relative>|<person>} {get a number|be added} {on|to} my {plan|contract|account}',
    'what does {a second line|an additional number} {on <plan>|for <relative>} cost',
    'i {need|want} <count> {more|additional} {lines|numbers} {for our office|for the family|on <plan>}',
  ],
  technician_visit: [
    '{send|i need|book} a technician {to <house>|on <day>|<soon>} {after <hour>|}',
    '{when does|at what time does} the technician come {on <day>|to <house>|}',
    '{move|change|cancel} my {appointment|visit} with the technician {to <day>|on <day>|at <hour>}',
    'the technician {did not come|never showed up} {on <day>|<when>|}',
  ],
  repair: [
    'my {<phone>|<gear>} {is broken|has a crack|does not turn on|has a broken screen}, {is that under warranty|can you repair it|what now}',
    '{how much is|what does} {a new screen|a repair|a battery} for the <phone> {cost|}',
    '{does|is} the warranty {cover water damage|still valid} {on|for} my {<phone>|<gear>}',
    'the {battery|button|screen|speaker} of my {<phone>|<gear>} {is faulty|stopped working|broke} {<when>|}',
  ],
  shop_hours: [
    '{when|until when} {is|does} the {shop|store} in <town> {open|close} {on <day>|<soon>|}',
    '{where is|do you have} {the nearest|a} {shop|store} {near <town>|in <town>|around <street>}',
    'is the {<town>|} {shop|store} open {on <day>|at <hour>|today}',
    'opening hours {of the shop|} in <town> {on <day>|}',
  ],
  human_agent: [
    '{let me|i want to|can i} {talk|speak} {to|with} {a human|a person|somebody|an agent} {about account <account>|now|please|}',
    '{connect|transfer} me {to|with} {an agent|a real person|the service desk|your manager}',
    '{stop this|no more robots}, {give me|i need} {a human|a real person|an agent}',
    'is there {anybody|a person} i can {call|speak to} {on <day>|after <hour>|}',
  ],
  complaint: [
    'i {want to|would like to} {complain|make a complaint} about {your staff|the service|the shop in <town>|<person> in your shop}',
    '{this is|your service is} {terrible|a disgrace|unacceptable|the worst}, {i have waited <count> weeks|nobody helps me|i called <count> times}',
    '{who|where} do i {write|complain} {to|} about {rude staff|bad service|<person>}',
    'i am {angry|very unhappy|disappointed} {with|about} {larkfield|your service|the shop in <town>}',
  ],
};
