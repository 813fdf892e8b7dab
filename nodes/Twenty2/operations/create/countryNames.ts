import { getCountries, type CountryCode } from 'libphonenumber-js/core/es6';
import numberingPlans from 'libphonenumber-js/metadata.max.json';

/** A country that has phone numbers, and its English name. */
interface Country {
	code: CountryCode;
	name: string;
}

const codes = getCountries(numberingPlans);

const countryOf = (letters: string) => codes.find((code) => code === letters);

// Node looks names up, which takes longer than loading the whole node.
let english: Intl.DisplayNames | undefined;
let sorted: Country[] | undefined;
let called: Map<string, CountryCode> | undefined;

/** The English name of a country. */
export function nameOf(code: CountryCode): string {
	english ??= new Intl.DisplayNames('en', { type: 'region' });
	return english.of(code) ?? code;
}

/** All countries, sorted by their names. */
export function countries(): Country[] {
	return (sorted ??= codes
		.map((code) => ({ code, name: nameOf(code) }))
		.sort((one, other) => one.name.localeCompare(other.name, 'en')));
}

/**
 * The country that people call so: by its two or three letters, or by its name in English or in its own
 * language. Case, accents, dots and the order of the words do not matter.
 */
export function countryCalled(given: string): CountryCode | undefined {
	return countryOf(given.toUpperCase()) ?? (called ??= allNames()).get(wordsOf(given));
}

function allNames(): Map<string, CountryCode> {
	const short = new Intl.DisplayNames('en', { type: 'region', style: 'short' });
	const namesOf = (code: CountryCode) => {
		const { language } = new Intl.Locale(`und-${code}`).maximize();
		const own = new Intl.DisplayNames(language, { type: 'region' });
		const name = nameOf(code);
		// "Myanmar (Burma)" is each of the two.
		return [code, name, ...name.split(/[()]/), short.of(code) ?? '', own.of(code) ?? ''];
	};
	const byName = new Map<string, CountryCode>();
	const add = (name: string, code: CountryCode | undefined) => {
		const words = wordsOf(name);
		if (code && words !== '') byName.set(words, code);
	};
	for (const code of codes) for (const name of namesOf(code)) add(name, code);
	for (const entry of threeLetters.split(' ')) {
		add(entry.slice(0, 3), countryOf(entry.slice(3) || entry.slice(0, 2)));
	}
	for (const [code, names] of Object.entries(otherNames)) {
		for (const name of names.split(', ')) add(name, countryOf(code));
	}
	return byName;
}

/** What official names have, and short ones leave out. */
const leftOut = new Set('AND ISLAMIC OF PEOPLES REPUBLIC SAR STATE THE'.split(' '));

function wordsOf(name: string): string {
	const words = name
		.normalize('NFD')
		.replace(/[\p{M}.'’]/gu, '')
		.toUpperCase()
		.split(/[^\p{L}\d]+/u)
		.filter(Boolean)
		.map((word) => (word === 'SAINT' ? 'ST' : word));
	const telling = words.filter((word) => !leftOut.has(word));
	// AND is Andorra.
	return (telling.length > 0 ? telling : words).sort().join(' ');
}

/** Names that Node does not know. */
const otherNames = {
	AE: 'UAE',
	BN: 'Brunei Darussalam',
	BO: 'Plurinational State of Bolivia',
	CD: 'Democratic Republic of the Congo, DR Congo, DRC',
	CI: 'Ivory Coast',
	CN: 'PRC',
	CV: 'Cabo Verde',
	CZ: 'Czech Republic',
	FM: 'Federated States of Micronesia',
	GB: 'Great Britain, Britain, England, Scotland, Wales, Northern Ireland, United Kingdom of Great Britain and Northern Ireland',
	HK: 'Hongkong',
	KP: 'Democratic People’s Republic of Korea, DPRK',
	KR: 'Korea, Republic of Korea',
	LA: 'Lao People’s Democratic Republic',
	MK: 'Macedonia',
	MO: 'Macau',
	NL: 'Holland',
	RU: 'Russian Federation',
	SA: 'KSA, Kingdom of Saudi Arabia',
	SY: 'Syrian Arab Republic',
	SZ: 'Swaziland',
	TL: 'East Timor',
	TR: 'Turkey',
	TZ: 'United Republic of Tanzania',
	US: 'United States of America, America',
	VA: 'Holy See, Vatican',
	VE: 'Bolivarian Republic of Venezuela',
	VN: 'Viet Nam',
};

/** The codes of three letters, each with the one of two letters where it does not begin with it (ISO 3166-1). */
const threeLetters =
	'AFG AIA ALB ARG ASM AUS AZE BEL BFA BGR BHR BLM BMU BOL BRA BTN BWA CAN CCK CHE CIV CMR COL CRI ' +
	'CUB CXR CYP CZE DEU DJI DMA DOM DZA ECU EGY ERI ESP ETH FIN FJI FRA GAB GBR GEO GGY GHA GIB GMB ' +
	'GRC GTM GUM HKG HND HRV HTI HUN IDN IMN IND IOT IRN ISL ITA JEY JOR JPN KEN KGZ KHM KIR KNA KWT ' +
	'LAO LBN LCA LIE LKA LSO LTU LUX LVA MAR MCO MDA MHL MKD MLI MMR MNG MRT MSR MUS MWI MYS NAM NCL ' +
	'NER NFK NGA NIC NLD NOR NPL NRU NZL OMN PAN PER PHL PRI PSE QAT REU ROU RUS RWA SAU SDN SGP SHN ' +
	'SJM SLE SMR SOM SSD STP SXM SYR TCA TGO THA TJK TKL TLS TON TTO TWN TZA UGA USA UZB VAT VCT VEN ' +
	'VGB VIR VNM VUT WSM YEM ZAF ZMB ZWE ABWAW AGOAO ALAAX ANDAD AREAE ARMAM ATGAG AUTAT BDIBI BENBJ ' +
	'BESBQ BGDBD BHSBS BIHBA BLRBY BLZBZ BRBBB BRNBN CAFCF CHLCL CHNCN CODCD COGCG COKCK COMKM CPVCV ' +
	'CUWCW CYMKY DNKDK ESHEH ESTEE FLKFK FROFO FSMFM GINGN GLPGP GNBGW GNQGQ GRDGD GRLGL GUFGF GUYGY ' +
	'IRLIE IRQIQ ISRIL JAMJM KAZKZ KORKR LBRLR LBYLY MACMO MAFMF MDGMG MDVMV MEXMX MLTMT MNEME MNPMP ' +
	'MOZMZ MTQMQ MYTYT NIUNU PAKPK PLWPW PNGPG POLPL PRKKP PRTPT PRYPY PYFPF SENSN SLBSB SLVSV SPMPM ' +
	'SRBRS SURSR SVKSK SVNSI SWESE SWZSZ SYCSC TCDTD TKMTM TUNTN TURTR TUVTV UKRUA URYUY WLFWF XKXXK';
