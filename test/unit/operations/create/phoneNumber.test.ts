import * as fc from 'fast-check';
import examples from 'libphonenumber-js/examples.mobile.json';
import {
	getCountries,
	getCountryCallingCode,
	getExampleNumber,
	parsePhoneNumberWithError,
} from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';

import { dialable } from '../../../../nodes/Twenty2/operations/create/phoneNumber';
import { alarming } from '../../api/failureFrom';
import { parsed } from '../parsed';

/** As a pattern that only the same text matches. */
const escaped = (text: string) => text.replace(/[.+?/#!]/g, '\\$&');

describe.each([undefined, 'IN'] as const)('dialable with the country %s', (country) => {
	const million = 1_000_000;

	it.each([
		['spaces between digits', `9${' '.repeat(million)}9`],
		['spaces between two numbers', `+919876543210${' '.repeat(million)}+919876543211`],
		['commas', `98765${', '.repeat(million)}43210`],
		['digits', '9'.repeat(million)],
		['brackets', '('.repeat(million)],
		['spaces before a bracket', `98765 43210${' '.repeat(million)}(mob`],
		['pluses', '+'.repeat(million)],
		['invisible characters', `98765${'\u200b'.repeat(million)}43210`],
		['101 characters', `+91${' '.repeat(88)}9876543210`],
	])('dialable refuses too many %s by their length, before any pattern', (_, given) => {
		const why = 'is too long to be a phone number';
		expect(parsed(dialable(country), given)).toEqual({ why });
	});

	it('dialable says of a million spaces that it is empty', () => {
		expect(parsed(dialable(country), ' '.repeat(million))).toEqual({ why: 'is empty' });
	});

	it('dialable takes a number with many spaces around it', () => {
		const spaces = ' '.repeat(million);
		expect(parsed(dialable(country), `${spaces}+919876543210${spaces}`)).toEqual({
			value: '+919876543210',
		});
	});
});

const phoneNumber = dialable(undefined);

it.each([
	['+919876543210', '+919876543210'],
	['  +919876543210\n', '+919876543210'],
	['\u00a0+919876543210', '+919876543210'],
	['+1234567', '+1234567'],
	['+123456789012345', '+123456789012345'],
	['p:+919876543210', '+919876543210'],
	['tel:+919876543210', '+919876543210'],
	['="+919876543210"', '+919876543210'],
	['’+919876543210', '+919876543210'],
	[['+919876543210'], '+919876543210'],
])('dialable without a country takes %o', (given, number) => {
	expect(parsed(phoneNumber, given)).toEqual({ value: number });
});

it.each([
	'919876543210',
	919876543210,
	9876543210,
	0,
	'+91 98765 43210',
	'+91-9876543210',
	'+0919876543210',
	'++919876543210',
	'+123456',
	'+1234567890123456',
	'0091 9876543210',
	'+919876543210,',
	'+919876543210;ext=1',
	'+91987654321x',
	'＋919876543210',
	'+९१९८७६५४३२१०',
	'+',
])('dialable without a country refuses %o and shows how a number looks', (given) => {
	const result = parsed(phoneNumber, given);
	expect(result).toEqual({ why: expect.stringContaining('+919876543210') });
	expect(JSON.stringify(result)).not.toMatch(alarming);
});

it.each([
	['+919876543210\n+919876543211', 'may hold two numbers', '…3211'],
	['98765 43210 or 98765 43211', 'may hold two numbers', '…3211'],
	['+919876543210/11', 'may hold two numbers', '…10/11'],
	['9.19877E+11', 'has lost digits in a spreadsheet', '…77E+11'],
	['#REF!', 'is what a spreadsheet shows in place of a value', '#REF!'],
	['98765 43210', 'is not an international phone number', '…3210'],
])(
	'dialable without a country says what is wrong with %o and shows the end of it',
	(given, why, end) => {
		const result = parsed(phoneNumber, given);
		expect(result).toEqual({
			why: expect.stringMatching(`^${why}.* \\(given: “${escaped(end)}”\\)$`),
		});
		expect(JSON.stringify(result)).not.toMatch(alarming);
	},
);

it.each(['', '   ', '\n', undefined, null])(
	'dialable without a country says of %o that it is empty',
	(given) => {
		expect(parsed(phoneNumber, given)).toEqual({ why: 'is empty' });
	},
);

it.each([[{}], [true], [Number.NaN], [Number.POSITIVE_INFINITY]])(
	'dialable without a country refuses %o',
	(given) => {
		expect(parsed(phoneNumber, given)).toHaveProperty('why');
	},
);

it('dialable without a country never lets anything but a + and 7 to 15 digits through', () => {
	fc.assert(
		fc.property(
			fc.oneof(fc.string(), fc.stringMatching(/^\s?\+?\d{0,18}.?$/), fc.double(), fc.maxSafeNat()),
			(given) => {
				const result = parsed(phoneNumber, given);
				if ('value' in result) expect(result.value).toMatch(/^\+[1-9][0-9]{6,14}$/);
			},
		),
	);
});

const inIndia = dialable('IN');

it.each([
	'098765 43210',
	'+91 98765-43210',
	'(0)98765 43210',
	'+91 (0) 98765 43210',
	'+91 098765 43210',
	9876543210,
	919876543210,
	'9876543210',
	'+919876543210',
	'919876543210',
	'98765.43210',
	'98765/43210',
	'98765–43210',
	'[98765] 43210',
	'0091 98765 43210',
	'00 91 (0) 98765-43210',
	'９８７６５４３２１０',
	'＋９１　９８７６５－４３２１０',
	'٩٨٧٦٥٤٣٢١٠',
	'\u202a+91 98765 43210\u202c',
	'\u200e098765\u00a043210\u200f',
	'\ufeff+91\u202f98765\u200943210 ',
	'98765\u00ad43210',
	'tel:+91-98765-43210',
	'TEL: 098765 43210',
	"'098765 43210",
	'9876543210.0',
	' 98765 43210\n',
	'(+91) 98765 43210',
	'[+91]-98765-43210',
	'( +91 ) 098765 43210',
	'091 98765 43210',
	'091-98765-43210',
	'(091) 98765.43210',
	'0 91 9876543210',
	'0919876543210',
	'98765 43210;',
	'+91 98765 43210, ',
	"'9876543210;\n",
	'98765 43210, ;',
	'\u200e tel:098765 43210',
	'98765 43210 (M)',
	'98765 43210 (mob.);',
	'(+91) 98765 43210(Mobile)',
	'९८७६५ ४३२१०',
	'+९१ ९८७६५ ४३२१०',
	'०९१ ९८७६५ ४३२१०',
	'৯৮৭৬৫৪৩২১০',
	'੯੮੭੬੫੪੩੨੧੦',
	'૯૮૭૬૫૪૩૨૧૦',
	'୯୮୭୬୫୪୩୨୧୦',
	'௯௮௭௬௫௪௩௨௧௦',
	'౯౮౭౬౫౪౩౨౧౦',
	'೯೮೭೬೫೪೩೨೧೦',
	'൯൮൭൬൫൪൩൨൧൦',
	'p:+919876543210',
	'p: 98765 43210',
	'whatsapp:+919876543210',
	'WhatsApp: +91 98765 43210',
	'Phone: 98765 43210',
	'Mobile no.: 98765 43210',
	'callto:+919876543210',
	'tel://+919876543210',
	'"+919876543210"',
	'="9876543210"',
	'="+91 98765 43210"',
	"='98765 43210'",
	'=+919876543210',
	'“98765 43210”',
	'„98765 43210“',
	'«98765 43210»',
	'’98765 43210',
	'‘98765 43210',
	'`9876543210',
	'"p:+919876543210"',
	'p:"+919876543210"',
	'9876543210.00',
	['98765 43210'],
	[9876543210],
	['', '+919876543210', null],
])('dialable in a country takes %j', (given) => {
	expect(parsed(inIndia, given)).toEqual({ value: '+919876543210' });
});

it.each([
	['+1 (415) 555-0123', 'IN', '+14155550123'],
	['(415) 555-0123', 'US', '+14155550123'],
	['011 91 98765 43210', 'US', '+919876543210'],
	['020 7946 0018', 'GB', '+442079460018'],
	['+44 (0)20 7946 0018', 'IN', '+442079460018'],
	['06 698 12345', 'IT', '+390669812345'],
	['8 (912) 345-67-89', 'RU', '+79123456789'],
	['01.42.68.53.00', 'FR', '+33142685300'],
	['+800 1234 5678', 'IN', '+80012345678'],
	['(+1) 415 555 0123', 'IN', '+14155550123'],
	['(+44) (0)20 7946 0018;', 'IN', '+442079460018'],
	['091 22 2345 6789', 'IN', '+912223456789'],
	['091234 56789', 'IN', '+919123456789'],
	['0491 123456', 'DE', '+49491123456'],
	// No number of Spain begins so, as far as this node knows.
	['+34112345678', 'IN', '+34112345678'],
] as const)('dialable in a country takes %o in %s', (given, country, number) => {
	expect(parsed(dialable(country), given)).toEqual({ value: number });
});

it('dialable in a country knows 091 for the code of India in India only', () => {
	expect(parsed(dialable('DE'), '0919876543210')).not.toEqual({ value: '+919876543210' });
});

it.each([
	'098765 (m) 43210',
	'98765 43210.0',
	'987654321.05',
	'Asha 098765 43210',
	"98765'43210",
	'0 (+91) 98765 43210',
])('dialable in a country takes no number out of %o', (given) => {
	expect(parsed(inIndia, given)).toHaveProperty('why');
});

it('dialable in a country takes a number of a range that nobody had when this was built', () => {
	expect(parsed(inIndia, '01111 111111')).toEqual({ value: '+911111111111' });
});

it.each([
	['98765', 'is too short'],
	['+91 98765', 'is too short'],
	['112', 'is too short'],
	['9', 'is too short'],
	[0, 'is too short'],
	['+49 1234', 'is too short'],
	['98765 43210 98765', 'is too long'],
	['98765 43210 / 98765 43211', 'may hold two numbers'],
	['+1 415 555 01234', 'is too long'],
	['+49 12345678901234', 'is too long'],
	['9'.repeat(300), 'is too long'],
	['+81 1234567', 'is too short'],
	['+354 12345678', 'more or fewer digits'],
	['98765 4321', 'a digit may be missing'],
	['+91 98765 432101', 'one too many'],
	[98765432101, 'one too many'],
	['+999 98765 43210', 'country code'],
	['+0 98765 43210', 'country code'],
	['+00 91 98765 43210', 'country code'],
	['not a number', 'is not a phone number'],
	['98765 43210 (office)', 'is not a phone number'],
	['98765 43210 (O)', 'is not a phone number'],
	['98765 43210 (wrong number)', 'is not a phone number'],
	['98765 43210 (M) (old)', 'is not a phone number'],
	['98765 43210 M', 'is not a phone number'],
	['98765 4321 (M)', 'a digit may be missing'],
	['98765 43210;98765 43211;', 'may hold two numbers'],
	['98765,43210,', 'has the extension 43210'],
	[';98765 43210', 'is not a phone number'],
	['(+91 98765 43210)', 'is not a phone number'],
	['(+) 98765 43210', 'is not a phone number'],
	['(+91) +91 98765 43210', 'is not a phone number'],
	['+(+91) 98765 43210', 'is not a phone number'],
	['(+091) 98765 43210', 'country code'],
	['(+9198765) 43210 1', 'is not a phone number'],
	['091 98765 4321', 'one too many'],
	['091 98765 432101', 'one too many'],
	['091 098765 43210', 'one too many'],
	['0091 091 98765 43210', 'one too many'],
	['091 98765 43210 x5', 'has the extension 5'],
	['091 98765x43210', 'has the extension 43210'],
	['+091 98765 43210', 'country code'],
	['091 00000 00000', 'is'],
	['९८७६५', 'is too short'],
	['९८७६५ ४३२१०, ९८७६५ ४३२११', 'may hold two numbers'],
	['Mobile 98765 43210', 'is not a phone number'],
	['98765 43210, 98765 43211', 'may hold two numbers'],
	['98765 43210\n98765 43211', 'may hold two numbers'],
	['98765\t43210', 'is not a phone number'],
	['++91 98765 43210', 'is not a phone number'],
	['9.19877E+11', 'has lost digits in a spreadsheet'],
	['="9.19877E+11"', 'has lost digits in a spreadsheet'],
	['#REF!', 'is what a spreadsheet shows in place of a value'],
	['fax: 98765 43210', 'is not a phone number'],
	['98765 43210 98765 43211', 'may hold two numbers'],
	['98765 43210 - 98765 43211', 'may hold two numbers'],
	['+91 98765 43210 +91 98765 43211', 'may hold two numbers'],
	['1-800-FLOWERS', 'is not a phone number'],
	['98765ABCDE', 'is not a phone number'],
	['98765_43210', 'is not a phone number'],
	['tel:98765 43210;phone-context=+91', 'is not a phone number'],
	['+', 'is not a phone number'],
	['\u202a\u202c', 'is not a phone number'],
	[-9876543210, 'is not a phone number'],
	[98765.4321, 'is not a phone number'],
	[1e21, 'is not a phone number'],
	[Number.NaN, 'is not a phone number'],
	['98765 43210 ext 5', 'has the extension 5, which cannot be dialled'],
	['98765 43210 ext. 12', 'has the extension 12, which cannot be dialled'],
	['98765 43210 x5', 'has the extension 5, which cannot be dialled'],
	['tel:+919876543210;ext=5', 'has the extension 5, which cannot be dialled'],
	['98765 43210,,5#', 'has the extension 5, which cannot be dialled'],
	['', 'is empty'],
	['  ', 'is empty'],
	[undefined, 'is empty'],
	[null, 'is empty'],
	[true, 'must be text'],
	[{ phone: '98765 43210' }, 'must be text'],
	[[], 'is empty'],
	[['98765 43210', 9876543211], 'is a list of 2'],
])('dialable in a country says of %o that it %s', (given, why) => {
	const result = parsed(inIndia, given);
	expect(result).toEqual({ why: expect.stringContaining(why) });
	expect(JSON.stringify(result)).not.toMatch(alarming);
});

const countries = fc.constantFrom(...getCountries());
/** Mobile numbers of all countries; those of one country differ in their last two digits. */
const mobile = fc
	.record({ country: countries, tail: fc.stringMatching(/^\d{2}$/) })
	.map(({ country, tail }) => {
		const example = getExampleNumber(country, examples)?.nationalNumber ?? '';
		const national = example.slice(0, -2) + tail;
		return { country, national, number: `+${getCountryCallingCode(country)}${national}` };
	});

it('dialable in a country leaves an E.164 number as it is, wherever it belongs', () => {
	fc.assert(
		fc.property(mobile, fc.option(countries, { nil: undefined }), ({ number }, country) => {
			expect(parsed(dialable(country), number)).toEqual({ value: number });
		}),
		{ numRuns: 2_000 },
	);
});

it('dialable in a country dials no other number for what stands around it', () => {
	const before = fc.constantFrom('', '0', '91 ', '091 ', '(+91) ', '(091) ', '+91 ', '(', '0 91');
	const after = fc.constantFrom('', ';', ', ', ' (M)', ' (O)', ' (5)', ' M', ',1', ';1', '(', '१');
	const digits = fc.stringMatching(/^[2-9]\d{7,12}$/);
	fc.assert(
		fc.property(before, digits, after, (front, number, end) => {
			const result = parsed(inIndia, front + number + end);
			const all = (front + number + end).replace('१', '1').replace(/\D/g, '');
			if (!('value' in result)) return;
			const [, national = ''] = /^\+91(.*)$/.exec(String(result.value)) ?? [];
			const cut = all.slice(0, -national.length);
			expect(cut + national).toBe(all);
			expect(cut).toMatch(/^(0|91|091|910|0910)?$/);
		}),
		{ numRuns: 2_000 },
	);
});

it('a number comes back from however people of its country write it', () => {
	fc.assert(
		fc.property(mobile, countries, ({ country, national, number }, elsewhere) => {
			const phone = parsePhoneNumberWithError(number);
			const anywhere = [phone.formatInternational(), phone.getURI(), `\u202a${number}\u202c`];
			for (const written of anywhere) {
				expect(parsed(dialable(elsewhere), written)).toEqual({ value: number });
			}
			expect(parsed(dialable('IN'), `00${number.slice(1)}`)).toEqual({ value: number });
			for (const written of [national, phone.formatNational()]) {
				expect(parsed(dialable(country), written)).toEqual({ value: number });
			}
		}),
		{ numRuns: 2_000 },
	);
});

it('dialable in a country never lets anything but a + and 7 to 15 digits through', () => {
	const given = fc.oneof(
		fc.string({ unit: 'grapheme' }),
		fc.stringMatching(/^[+＋]?[\d ()./-]{0,22}$/),
		fc.double(),
		fc.maxSafeNat(),
	);
	fc.assert(
		fc.property(given, countries, (written, country) => {
			const result = parsed(dialable(country), written);
			if ('value' in result) expect(result.value).toMatch(/^\+[1-9][0-9]{6,14}$/);
			else expect(result.why).toMatch(/^(is|has|begins|must|may)\b/);
		}),
		{ numRuns: 2_000 },
	);
});

it.each([
	['9876543', '…6543'],
	['Asha 98765 43210', '…3210'],
	['98765 43210 (office)', '…3210 (office)'],
	['+1 415 555 01234', '…1234'],
	['112', '112'],
	[-9876543210, '…3210'],
	['ask Asha', 'ask Asha'],
	['98765 43210\n11', '…10 11'],
	[['98765 43210', '98765 43211'], '…3211'],
	['x'.repeat(99), `…${'x'.repeat(20)}`],
])('a refused number shows its end, with at most four digits: %o', (given, end) => {
	expect(parsed(dialable('IN'), given)).toEqual({
		why: expect.stringContaining(`(given: “${end}”)`),
	});
});

it('a refused number shows at most four digits, but for the readings that the user has to choose from', () => {
	const text = fc.oneof(
		fc.stringMatching(/^[+＋]?[\d ()./;,E#-]{0,22}$/),
		fc.array(fc.stringMatching(/^\+?\d{5,12}$/), { minLength: 2, maxLength: 3 }),
		fc.double(),
	);
	fc.assert(
		fc.property(text, fc.constantFrom('IN', 'DE', 'US', undefined), (given, country) => {
			const result = parsed(dialable(country), given);
			if (!('why' in result) || result.why.startsWith('may be')) return;
			const [, said = '', end = ''] = /^(.*?)(?:\(given: “(.*)”\))?$/s.exec(result.why) ?? [];
			expect(end.replace(/\D/g, '').length).toBeLessThanOrEqual(4);
			const known = said.replace('+919876543210', '').replace(/has the extension \d+/, '');
			expect(known).not.toMatch(/\d{3}/);
		}),
		{ numRuns: 2_000 },
	);
});

it.each([
	'030 123456/57',
	'030 123456 / 57',
	'0171 1234567 / 68',
	'0171 1234567/68',
	'0171/1234567/68',
	'(030) 123456/57',
	'+49 30 123456/57',
	'+49 (0)171 1234567/8',
	'030 123456|57',
	'030 123456;57',
	'030 123456,57',
	'030 123456, 57',
	'030 123456 oder 57',
	'030 123456 or 57',
	'030 123456 und 57',
	'030 123456 & 57',
	'030 123456\n57',
	'030 123456\t57',
	'0171 1234567 / 0172 7654321',
	'0171/1234567, 0172/7654321',
	'0171 1234567 oder 030 123456',
	'+49 171 1234567 +49 172 7654321',
	'p:+491711234567,p:+491727654321',
])('a cell with two numbers is not dialled: %o', (given) => {
	expect(parsed(dialable('DE'), given)).toEqual({
		why: expect.stringMatching(/^may hold two numbers: enter one, or make an item of each/),
	});
});

it.each([
	['DE', '030/1234567', '+49301234567'],
	['DE', '030/1234567-8', '+493012345678'],
	['DE', '030 / 123 45 67', '+49301234567'],
	['DE', '0171/1234567', '+491711234567'],
	['DE', '+49/171/1234567', '+491711234567'],
	['AT', '0664/1234567', '+436641234567'],
	['IN', '98765/43210', '+919876543210'],
	['IN', '022/2345-6789', '+912223456789'],
	['US', '415/555-0123', '+14155550123'],
] as const)('a slash within a number does not make it two (%s, %o)', (country, given, number) => {
	expect(parsed(dialable(country), given)).toEqual({ value: number });
});

it('what is dialled after the connection is an extension, and not a second number', () => {
	expect(parsed(dialable('IN'), '98765 43210,,5#')).toEqual({
		why: expect.stringContaining('has the extension 5'),
	});
});

it.each([
	['IN', '+8123456789', '+8123456789 (Japan)', '+918123456789 (India)'],
	['IN', '+6512345678', '+6512345678 (Singapore)', '+916512345678 (India)'],
	['IN', '+9612345678', '+9612345678 (Lebanon)', '+919612345678 (India)'],
	['IN', '+8212345678', '+8212345678 (South Korea)', '+918212345678 (India)'],
	['IN', '+98765 43210', '+9876543210 (Iran)', '+919876543210 (India)'],
	['IN', '＋98765-43210', '+9876543210 (Iran)', '+919876543210 (India)'],
	['US', '+4155550123', '+4155550123 (Switzerland)', '+14155550123 (United States)'],
	['GB', '+7911123456', '+7911123456', '+447911123456'],
	['AE', '+501234567', '+501234567 (Belize)', '+971501234567 (United Arab Emirates)'],
	['DE', '+17112345678', '+17112345678', '+4917112345678 (Germany)'],
] as const)(
	'digits with two readings are not dialled in %s, with a + that may be a stray one: %o',
	(country, given, one, other) => {
		const result = parsed(dialable(country), given);
		expect(result).toEqual({
			why: expect.stringMatching(/^may be .* or .*: enter the one that is meant, with its \+/),
		});
		expect(JSON.stringify(result)).toContain(one);
		expect(JSON.stringify(result)).toContain(other);
		expect(JSON.stringify(result)).not.toMatch(alarming);
	},
);

it.each([
	['IN', '14155550132', '+9114155550132 (India) or +14155550132 (United States)'],
	['IN', 14155550132, '+9114155550132 (India) or +14155550132 (United States)'],
	['IN', '1 (415) 555-0132', '+9114155550132 (India) or +14155550132 (United States)'],
	['IN', '447400123456', '+91447400123456 (India) or +447400123456 (United Kingdom)'],
	['IN', '971501234567', '+91971501234567 (India) or +971501234567 (United Arab Emirates)'],
	['IN', 4915112345678, '+914915112345678 (India) or +4915112345678 (Germany)'],
	['DE', '919876543210', '+49919876543210 (Germany) or +919876543210 (India)'],
	['DE', 919876543210, '+49919876543210 (Germany) or +919876543210 (India)'],
	['DE', '91 98765 43210', '+49919876543210 (Germany) or +919876543210 (India)'],
	['DE', '447911123456', '+49447911123456 (Germany) or +447911123456 (Guernsey)'],
	['DE', '14155550132', '+4914155550132 (Germany) or +14155550132 (United States)'],
	['US', '919876543210', '+1919876543210 (United States) or +919876543210 (India)'],
	['GB', '919876543210', '+44919876543210 (United Kingdom) or +919876543210 (India)'],
	['CN', '14155550132', '+8614155550132 (China) or +14155550132 (United States)'],
] as const)(
	'digits with two readings are not dialled in %s, without a + that may be missing: %o',
	(country, given, readings) => {
		expect(parsed(dialable(country), given)).toEqual({
			why: expect.stringContaining(`may be ${readings}: enter the one that is meant`),
		});
	},
);

it.each([
	['IN', '+81312345678', '+81312345678'],
	// Both are valid: it goes through as it was typed.
	['IN', '+6562345678', '+6562345678'],
	['IN', '+6238229998', '+6238229998'],
	['IN', '+16502530000', '+16502530000'],
	['IN', '+34112345678', '+34112345678'],
	['IN', '9876543210', '+919876543210'],
	['IN', '6238229998', '+916238229998'],
	['IN', '4923456789', '+914923456789'],
	['IN', '0919876543210', '+919876543210'],
	['IN', 919876543210, '+919876543210'],
	['DE', '0171 1234567', '+491711234567'],
	['DE', '15112345678', '+4915112345678'],
	['DE', '15123456789', '+4915123456789'],
	['DE', 15112345678, '+4915112345678'],
	['DE', '030 1234567', '+49301234567'],
	['DE', '4915123456789', '+4915123456789'],
	['DE', '491711234567', '+491711234567'],
	['US', '2015550123', '+12015550123'],
	['US', '1 415 555 0123', '+14155550123'],
	['GB', '07911 123456', '+447911123456'],
	['GB', '7911123456', '+447911123456'],
	['AE', '050 123 4567', '+971501234567'],
	['AE', 971501234567, '+971501234567'],
	['CN', '13123456789', '+8613123456789'],
	['RU', '8 (863) 123-45-67', '+78631234567'],
] as const)('a usual number has no second reading: in %s, %o', (country, given, number) => {
	expect(parsed(dialable(country), given)).toEqual({ value: number });
});

const mobiles = getCountries().flatMap((country) => {
	const phone = getExampleNumber(country, examples);
	return phone ? [{ country, phone }] : [];
});

it('the mobile number of any country has no second reading, however it is written there', () => {
	expect(mobiles.length).toBeGreaterThan(240);
	const misread = mobiles.flatMap(({ country, phone }) =>
		[
			phone.formatNational(),
			phone.nationalNumber,
			phone.number.slice(1),
			Number(phone.number.slice(1)),
			phone.formatInternational(),
			phone.number,
		].filter((written) => Object(parsed(dialable(country), written)).value !== phone.number),
	);
	expect(misread).toEqual([]);
});

it('a mobile number from abroad without + is either somebody’s of the country, or both readings are named', () => {
	const abroad = mobiles.filter((_, n) => n % 7 === 0);
	const misread = mobiles.flatMap(({ country }) =>
		abroad.flatMap(({ phone }) => {
			const digits = phone.number.slice(1);
			const result = parsed(dialable(country), digits);
			if (!('value' in result) || result.value === phone.number) return [];
			const dialled = parsePhoneNumberWithError(String(result.value));
			const isOwn =
				dialled.isValid() && dialled.countryCallingCode === getCountryCallingCode(country);
			return isOwn ? [] : [{ country, digits, dialled: dialled.number }];
		}),
	);
	expect(misread).toEqual([]);
});
