import * as fc from 'fast-check';
import examples from 'libphonenumber-js/examples.mobile.json';
import {
	getCountries,
	getCountryCallingCode,
	getExampleNumber,
	parsePhoneNumberWithError,
} from 'libphonenumber-js/min';
import { describe, expect, it } from 'vitest';

import { countriesOf, dialable } from '../../../../nodes/Twenty2/operations/create/phoneNumber';
import { alarming } from '../../api/failureFrom';
import { parsed } from '../parsed';

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
	])('refuses too many %s by their length, before any pattern', (_, given) => {
		const why = 'is too long to be a phone number';
		expect(parsed(dialable(country), given)).toEqual({ why });
	});

	it('says of a million spaces that it is empty', () => {
		expect(parsed(dialable(country), ' '.repeat(million))).toEqual({ why: 'is empty' });
	});

	it('takes a number with many spaces around it', () => {
		const spaces = ' '.repeat(million);
		expect(parsed(dialable(country), `${spaces}+919876543210${spaces}`)).toEqual({
			value: '+919876543210',
		});
	});
});

describe('dialable without a country', () => {
	const phoneNumber = dialable(undefined);

	it.each([
		['+919876543210', '+919876543210'],
		['  +919876543210\n', '+919876543210'],
		['\u00a0+919876543210', '+919876543210'],
		['+1234567', '+1234567'],
		['+123456789012345', '+123456789012345'],
	])('takes %o', (given, number) => {
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
		'tel:+919876543210',
		'+919876543210,',
		'+919876543210;ext=1',
		'+91987654321x',
		'＋919876543210',
		'+९१९८७६५४३२१०',
		'+919876543210\n+919876543211',
		'+',
	])('refuses %o and shows how a number looks', (given) => {
		const result = parsed(phoneNumber, given);
		expect(result).toEqual({ why: expect.stringContaining('+919876543210') });
		expect(JSON.stringify(result)).not.toMatch(alarming);
	});

	it.each(['', '   ', '\n', undefined, null])('says of %o that it is empty', (given) => {
		expect(parsed(phoneNumber, given)).toEqual({ why: 'is empty' });
	});

	it.each([[{}], [['+919876543210']], [true], [Number.NaN], [Number.POSITIVE_INFINITY]])(
		'refuses %o',
		(given) => {
			expect(parsed(phoneNumber, given)).toHaveProperty('why');
		},
	);

	it('never lets anything but a + and 7 to 15 digits through', () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc.stringMatching(/^\s?\+?\d{0,18}.?$/),
					fc.double(),
					fc.maxSafeNat(),
				),
				(given) => {
					const result = parsed(phoneNumber, given);
					if ('value' in result) expect(result.value).toMatch(/^\+[1-9][0-9]{6,14}$/);
				},
			),
		);
	});
});

describe('dialable in a country', () => {
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
	])('takes %o', (given) => {
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
	] as const)('takes %o in %s', (given, country, number) => {
		expect(parsed(dialable(country), given)).toEqual({ value: number });
	});

	it('knows 091 for the code of India in India only', () => {
		expect(parsed(dialable('DE'), '0919876543210')).not.toEqual({ value: '+919876543210' });
	});

	it.each([
		'098765 (m) 43210',
		'98765 43210.0',
		'987654321.05',
		'Asha 098765 43210',
		"98765'43210",
		'0 (+91) 98765 43210',
	])('takes no number out of %o', (given) => {
		expect(parsed(inIndia, given)).toHaveProperty('why');
	});

	it('takes a number of a range that nobody had when this was built', () => {
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
		['98765 43210 / 98765 43211', 'is too long'],
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
		['98765 43210;98765 43211;', 'is not a phone number'],
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
		['९८७६५ ४३२१०, ९८७६५ ४३२११', 'is not a phone number'],
		['Mobile 98765 43210', 'is not a phone number'],
		['98765 43210, 98765 43211', 'is not a phone number'],
		['98765 43210\n98765 43211', 'is not a phone number'],
		['98765\t43210', 'is not a phone number'],
		['++91 98765 43210', 'is not a phone number'],
		['9.87654E+09', 'is not a phone number'],
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
		[['98765 43210'], 'must be text'],
	])('says of %o that it %s', (given, why) => {
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

	it('leaves an E.164 number as it is, wherever it belongs', () => {
		fc.assert(
			fc.property(mobile, fc.option(countries, { nil: undefined }), ({ number }, country) => {
				expect(parsed(dialable(country), number)).toEqual({ value: number });
			}),
			{ numRuns: 2_000 },
		);
	});

	it('dials no other number for what stands around it', () => {
		const before = fc.constantFrom('', '0', '91 ', '091 ', '(+91) ', '(091) ', '+91 ', '(', '0 91');
		const after = fc.constantFrom(
			'',
			';',
			', ',
			' (M)',
			' (O)',
			' (5)',
			' M',
			',1',
			';1',
			'(',
			'१',
		);
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

	it('comes back to it from however it is written', () => {
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

	it('never lets anything but a + and 7 to 15 digits through', () => {
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
				else expect(result.why).toMatch(/^(is|has|begins|must)\b/);
			}),
			{ numRuns: 2_000 },
		);
	});
});

describe('countriesOf', () => {
	it.each([
		['+919876543210', ['IN']],
		['+14155550123', ['US']],
		// A satellite phone, and a code that nobody has.
		['+870773111632', []],
		['+9991234567', []],
	])('%s: %j', (number, countries) => {
		expect(countriesOf(number)).toEqual(countries);
	});

	it('are several where the number does not tell', () => {
		expect(countriesOf('+12005550123')).toEqual(expect.arrayContaining(['US', 'CA']));
	});
});
