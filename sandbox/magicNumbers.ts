import type { Behaviour } from './behaviours';

/** Numbers with a built-in behaviour. The last digits are the HTTP status, where there is one. */
export const magicNumbers: Readonly<Record<string, Behaviour>> = {
	'+919999900200': 'empty 200',
	'+919999900201': 'odd 200',
	'+919999900202': 'envelope under 200',
	'+919999900400': 'refused',
	'+919999900402': 'unknown code',
	'+919999900418': 'teapot',
	'+919999900422': '422',
	'+919999900423': '422 other',
	'+919999900429': '429 once',
	'+919999900430': '429 always',
	'+919999900500': '500 always',
	'+919999900501': '500 once',
	'+919999900502': '502 html',
	'+919999900503': '503 always',
	'+919999900504': '504 html',
	'+919999900505': '500 twice',
	'+919999900506': '503 once',
	'+919999900600': 'unanswered',
	'+919999900601': { kind: 'slow', ms: 10_000 },
	'+919999900602': 'place and cut',
	'+919999900603': 'place and hang',
	'+919999900604': 'cut',
	'+919999900605': 'hang',
};
