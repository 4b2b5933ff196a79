/**
 * Semantic fields. The first eight are the keyword lists of Lan et al. (2024), "Sparse Autoencoders Reveal
 * Universal Feature Spaces Across LLMs"; a word may belong to several. The others are the corpus' own.
 */

const lists = {
  time:
    'day night week month year hour minute second now soon later early late morning evening noon midnight dawn dusk ' +
    'past present future before after yesterday today tomorrow next previous instant era age decade century millennium ' +
    'moment pause wait begin start end finish stop continue forever constant frequent occasion season spring summer ' +
    'autumn fall winter anniversary deadline schedule calendar clock duration interval epoch generation period cycle ' +
    'timespan shift quarter term phase lifetime timeline delay prompt timely recurrent daily weekly monthly yearly ' +
    'annual biweekly timeframe',
  calendar:
    'day night week month year hour minute second morning evening noon midnight dawn dusk yesterday today tomorrow ' +
    'decade century millennium season spring summer autumn fall winter calendar clock daily weekly monthly yearly ' +
    'annual biweekly timeframe',
  people:
    'man girl boy kid dad mom son sis bro chief priest king queen duke lord friend clerk coach nurse doc maid clown ' +
    'guest peer punk nerd jock',
  nature:
    'tree grass stone rock cliff hill dirt sand mud wind storm rain cloud sun moon leaf branch twig root bark seed tide ' +
    'lake pond creek sea wood field shore snow ice flame fire fog dew hail sky earth glade cave peak ridge dust air ' +
    'mist heat',
  emotions:
    'joy glee pride grief fear hope love hate pain shame bliss rage calm shock dread guilt peace trust scorn doubt hurt ' +
    'wrath laugh cry smile frown gasp blush sigh grin woe spite envy glow thrill mirth bored cheer charm grace shy ' +
    'brave proud glad mad sad tense free kind',
  months: 'January February March April May June July August September October November December',
  countries:
    'USA Canada Brazil Mexico Germany France Italy Spain UK Australia China Japan India Russia Korea Argentina Egypt ' +
    'Iran Turkey',
  biology:
    'gene DNA RNA virus bacteria fungus brain lung blood bone skin muscle nerve vein organ evolve enzyme protein lipid ' +
    'membrane antibody antigen ligand substrate receptor cell chromosome nucleus cytoplasm',
  animals: 'dog cat bird horse cow fox bear rabbit duck lion tiger frog',
  food: 'bread soup cake cheese rice milk tea pie honey butter',
  colours: 'red blue green yellow black white brown pink',
  places:
    'store park school garden house kitchen library market forest river beach station church farm bridge museum ' +
    'hospital city village castle',
  objects:
    'book ball lamp cup hat coat bag box key map letter ring drum kite coin rope knife spoon bottle basket candle mirror ' +
    'picture ticket necklace toy doll gift flower guitar',
} as const;

export type Field = keyof typeof lists;

/** Words of every field, in the order of the source. */
export const fields: Readonly<Record<Field, readonly string[]>> = Object.fromEntries(
  Object.entries(lists).map(([field, words]) => [field, words.split(' ')]),
) as unknown as Record<Field, readonly string[]>;

export const fieldNames = Object.keys(lists) as Field[];
