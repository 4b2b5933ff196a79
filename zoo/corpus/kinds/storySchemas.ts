/**
 * Plots. A plot is a list of steps; of each step one template is drawn. "+" and "-" in front of a template mean
 * that it belongs to stories that end well or badly: the first such step decides, later ones follow.
 *
 * Slots: {A} {B} the two people ("!" makes the mention the subject), {A.he} {A.him} {A.his} pronouns (capital:
 * {A.He}), {v:find} and {V:find} a verb with singular and plural subject, {q:A} and {/q} quotation marks of a
 * speaker, and drawn words: {obj} {place} {animal} {food} {colour} {nature} {family} {month} {country} {part}
 * {person} {organ} (the same word throughout a story), {glad} {upset} (drawn anew each time).
 */

export const opening: readonly string[] = [
  'One {part} in {month}, {A!} {v:go} to the {place} with {A.his} friend {B}.',
  'One {part} {A!} and {B} {V:meet} at the {place}.',
  'It {v:be} a {part} in {month}. {A!} {v:be} at the {place} with {B}.',
  'On a warm {part}, {A!} {v:walk} to the {place} with {B}.',
  'Every year in {month}, {A!} and {B} {V:play} near the {place}.',
  'In the {part}, {B!} {v:see} {A} at the {place}.',
];

export const plots: Readonly<Record<string, readonly (readonly string[])[]>> = {
  lost: [
    ['{A!} {v:have} a {colour} {obj} and {v:love} it.', '{A!} {v:keep} a {colour} {obj} in {A.his} bag.', 'The {colour} {obj} {v:be} a gift from {A.his} {family}.'],
    ['But soon the {obj} {v:be} gone.', 'Then {A!} {v:lose} the {obj} near the {nature}.', '{A!} {v:look} for the {obj}, but it {v:be} not there.'],
    ['{A!} {v:say}, {q:A}I can not find my {obj}.{/q}', '{B!} {v:ask}, {q:B}Where is your {obj}?{/q}', '{A!} {v:ask}, {q:A}Did you see my {obj}?{/q}'],
    ['{B!} {v:help} {A.him}. They {V:look} near the {nature}.', '{B!} {v:look} in the {place}, and {A} {v:look} near the {nature}.', 'They {V:walk} to the {nature} and {V:look} for the {obj}.'],
    ['+At last {B!} {v:find} the {obj} behind the {nature}.', '+Soon they {V:see} the {obj} under a tree.', '-They {V:look} all day, but they {V:do} not find it.', '-At night they {V:go} home without the {obj}.'],
    ['+{A!} {v:be} {glad} and {v:thank} {A.his} friend.', '+{A!} {v:take} the {obj} with a big smile.', '-{A!} {v:be} {upset} and {v:begin} to cry.', '-{A!} {v:feel} {upset} all night.'],
  ],
  gift: [
    ['{A!} {v:want} to give {B} a {obj}.', 'It {v:be} a day for gifts, so {A!} {v:buy} a {obj} for {B}.', '{A!} {v:make} a {colour} {obj} for {B}.'],
    ['{A.He!} {v:hide} it behind a {nature}.', '{A.He!} {v:carry} it to the {place} in a box.', '{A.He!} {v:hold} the {obj} in {A.his} hand.'],
    ['{A!} {v:say}, {q:A}This {obj} is for you.{/q}', '{B!} {v:ask}, {q:B}Is it for me?{/q}', '{A!} {v:say}, {q:A}I have a gift for you.{/q}'],
    ['+{B!} {v:like} the {obj} very much.', '+{B!} {v:say}, {q:B}I love it!{/q}', '-{B!} {v:do} not like the {obj}.', '-{B!} {v:say}, {q:B}I do not want it.{/q}', '-Then the {obj} {v:fall} and {v:break}.'],
    ['+{B.He!} {v:be} {glad}, and {A} {v:be} {glad} too.', '+They {V:laugh} and {V:play} with the {obj}.', '-{A!} {v:be} {upset} and {v:leave} the {place}.', '-{A!} {v:feel} {upset}, and {B} {v:feel} {upset} too.'],
  ],
  trip: [
    ['They {V:want} to see {country}.', '{A!} {v:tell} {B} about {country}.', 'The next day they {V:go} to {country} with a {person}.'],
    ['In {country} they {V:see} a {colour} {animal} near the {nature}.', 'A {animal} {v:stand} by the {nature} in {country}.', 'They {V:walk} over a {nature} and {V:meet} a {animal}.'],
    ['{B!} {v:say}, {q:B}Look at the {animal}!{/q}', '{A!} {v:ask}, {q:A}Is it a {animal}?{/q}', '{B!} {v:say}, {q:B}I like this place.{/q}'],
    ['+The sun {v:shine} and the sky {v:be} blue.', '+The {animal} {v:come} and {v:eat} from their hands.', '-Then a storm {v:come} with rain and wind.', '-The {animal} {v:run} and the night {v:be} cold.'],
    ['+They {V:be} {glad} and {V:stay} for a week.', '+{A!} {v:say}, {q:A}This is a good day.{/q}', '-They {V:be} {upset} and {V:go} home.', '-{A!} {v:say}, {q:A}This is a bad day.{/q}'],
  ],
  cook: [
    ['{A!} {v:want} to make {food} for the {person}.', 'The {person} {v:want} {food}, so {A!} {v:go} to the kitchen.', '{B!} {v:ask} {A} to make {food}.'],
    ['{B!} {v:bring} milk and butter.', '{B!} {v:hold} the {obj} and {A} {v:take} the milk.', 'They {V:need} fire, so {B!} {v:bring} wood.'],
    ['{A!} {v:say}, {q:A}Wait an hour.{/q}', '{A!} {v:say}, {q:A}The {food} will be good.{/q}', '{B!} {v:ask}, {q:B}When can we eat the {food}?{/q}'],
    ['+The {food} {v:be} warm and good.', '+The {person} {v:eat} the {food} with a smile.', '-The {food} {v:burn} in the fire.', '-The {person} {v:do} not like the {food}.'],
    ['+The {person} {v:thank} {A}, and {A.he!} {v:be} {glad}.', '+{B!} {v:say}, {q:B}You are the best cook!{/q}', '-{A!} {v:be} {upset} and {v:leave} the kitchen.', '-{B!} {v:say}, {q:B}I can not eat this.{/q}'],
  ],
  ill: [
    ['That {part} {A!} {v:feel} a pain in {A.his} {organ}.', '{A!} {v:be} ill. {A.His} {organ} {v:hurt}.', '{A!} {v:fall} and {v:hurt} {A.his} {organ}.'],
    ['{B!} {v:take} {A.him} to the hospital.', '{B!} {v:call} a doctor.', 'A nurse {v:come} and {v:look} at {A}.'],
    ['The doctor {v:say}, {q}It is your {organ}.{/q}', '{A!} {v:ask}, {q:A}Will it hurt?{/q}', '{B!} {v:ask}, {q:B}How do you feel?{/q}'],
    ['+After a week the {organ} {v:be} well.', '+The nurse {v:help} and the pain {v:stop}.', '-After a week the {organ} {v:be} not well.', '-The nurse {v:help}, but the pain {v:do} not stop.'],
    ['+{A!} {v:go} home and {v:be} {glad}.', '+{B!} {v:bring} {A.him} a {obj}, and they {V:laugh}.', '-{A!} {v:stay} in the hospital and {v:be} {upset}.', '-{B!} {v:sit} by {A.him} and {v:cry}.'],
  ],
  rescue: [
    ['They {V:hear} a {animal} behind the {nature}.', '{A!} {v:see} a {colour} {animal} near the {nature}.', 'A {animal} {v:sit} alone by the {nature}.'],
    ['The {animal} {v:be} hurt and {v:do} not run.', 'It {v:be} cold, and the {animal} {v:need} help.', 'The {animal} {v:have} a rope on its head.'],
    ['{B!} {v:say}, {q:B}We must help the {animal}.{/q}', '{A!} {v:say}, {q:A}Do not be afraid.{/q}', '{B!} {v:ask}, {q:B}Can we take it home?{/q}'],
    ['{A!} {v:give} it milk, and {B} {v:hold} it.', '{B!} {v:bring} {food} and a {obj}.', '{A!} {v:carry} it to the {place}.'],
    ['+Soon the {animal} {v:stand} and {v:run}.', '+The next day the {animal} {v:be} well.', '-But the {animal} {v:do} not eat.', '-The next day the {animal} {v:be} gone.'],
    ['+{B!} {v:be} {glad} and {v:sing} a song.', '+They {V:be} {glad} and {V:keep} the {animal}.', '-{B!} {v:be} {upset} for a month.', '-They {V:be} {upset} and {V:do} not talk.'],
  ],
  race: [
    ['{A!} and {B} {V:run} to the {nature}.', 'The {person} {v:tell} them to run to the {nature}.', '{A!} {v:want} to run a race to the {nature}.'],
    ['The {person} {v:hold} a {colour} {obj} for the first.', '{B!} {v:say}, {q:B}I am not slow.{/q}', '{A!} {v:say}, {q:A}I will be the first.{/q}'],
    ['{B!} {v:run} fast, but {A} {v:run} past the {nature}.', '{A!} {v:jump} over a stone.', 'A {animal} {v:run} with them.'],
    ['+{A!} {v:win} the race and {v:take} the {obj}.', '+At the end {A!} {v:be} the first.', '-Then {A!} {v:fall} in the mud.', '-At the end {A!} {v:be} the last.'],
    ['+{A.He!} {v:be} {glad}, and the {person} {v:smile}.', '+{B!} {v:say}, {q:B}You are so fast!{/q}', '-{A.He!} {v:be} {upset}, and the {person} {v:frown}.', '-{B!} {v:say}, {q:B}You are so slow.{/q}'],
  ],
  quarrel: [
    ['There {v:be} a {colour} {obj}, and they {V:want} it.', '{A!} {v:take} the {obj} from {B}.', '{B!} {v:have} a {obj}, and {A} {v:want} it too.'],
    ['{A!} {v:say}, {q:A}It is my {obj}.{/q}', '{B!} {v:say}, {q:B}Give me the {obj}!{/q}', '{B!} {v:ask}, {q:B}Why do you take my {obj}?{/q}'],
    ['The {person} {v:come} and {v:look} at them.', 'A {person} {v:hear} them and {v:come} to the {place}.', 'They {V:call} the {person} of the {place}.'],
    ['+They {V:make} peace and {V:share} the {obj}.', '+{A!} {v:give} the {obj} to {B}.', '-They {V:pull} and the {obj} {v:break}.', '-{A!} {v:hide} the {obj} behind a {nature}.'],
    ['+{B!} {v:be} {glad} and {v:hold} the hand of {A}.', '+The {person} {v:be} {glad} too.', '-{B!} {v:be} {upset} and {v:go} home.', '-The {person} {v:be} {upset} too.'],
  ],
  garden: [
    ['{A!} {v:have} a garden with a seed from {country}.', 'In {month} {A!} {v:bring} a seed to the garden.', 'The {person} {v:give} {A} a seed.'],
    ['{B!} {v:bring} water every {part}.', '{A!} {v:wait} a month for rain.', 'The rain {v:come}, and {A} {v:wait}.'],
    ['{B!} {v:ask}, {q:B}Will it grow?{/q}', '{A!} {v:say}, {q:A}It will be a tree.{/q}', '{B!} {v:say}, {q:B}The seed needs sun.{/q}'],
    ['+In spring a {colour} flower {v:grow}.', '+The seed {v:grow} and {v:be} a big tree.', '-In spring there {v:be} no flower.', '-A {animal} {v:come} and {v:eat} the seed.'],
    ['+{A!} {v:be} {glad} and {v:show} it to {B}.', '+{B!} {v:say}, {q:B}What a lovely garden!{/q}', '-{A!} {v:be} {upset} and {v:tell} {B}.', '-{B!} {v:say}, {q:B}What a bad garden.{/q}'],
  ],
  royal: [
    ['The king of {country} {v:come} to the {place}.', 'The queen of {country} {v:live} near the {place}.', 'A duke from {country} {v:be} a guest at the {place}.'],
    ['{A!} {v:show} the guest a {colour} {obj}.', 'The {person} {v:tell} {A} to bring a {obj}.', '{A!} and {B} {V:want} to give the guest a {obj}.'],
    ['The {person} {v:say}, {q}Who made this {obj}?{/q}', '{A!} {v:say}, {q:A}My {family} made it.{/q}', '{B!} {v:say}, {q:B}It is from {country}.{/q}'],
    ['+The guest {v:like} the {obj} and {v:give} {A.him} a coin.', '+The {person} {v:smile} at {A}.', '-The guest {v:hate} the {obj} and {v:break} it.', '-The {person} {v:frown} at {A}.'],
    ['+{A!} {v:feel} {glad} on the way home.', '+{B!} {v:be} {glad} for {A.him}.', '-{A!} {v:feel} {upset} on the way home.', '-{B!} {v:be} {upset} for {A.him}.'],
  ],
};

export const closing: readonly string[] = [
  '+In the evening they {V:eat} {food} and {V:sleep} well.',
  '+{A.His} {family} {v:be} {glad} too.',
  '+It {v:be} the best {part} of the year.',
  '-In the evening they {V:do} not eat or talk.',
  '-{A.His} {family} {v:be} {upset} too.',
  '-It {v:be} the worst {part} of the year.',
];
