import { UserError } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { unanswered } from '../../../nodes/Twenty2/api/transport';
import { verdictOn } from '../../../nodes/Twenty2/connection/retryRule';
import { alarming } from './failureFrom';

const ADDRESS = 'https://api.twentytwo.in';

const coded = (code: unknown, more: ErrorOptions = {}) =>
	Object.assign(new Error('what the client said', more), { code });

/** As n8n wraps it. */
const within = (cause: unknown, depth = 2): unknown =>
	depth === 0 ? cause : within(new Error('wrapped', { cause }), depth - 1);

const traits = {
	create: { dials: true },
	read: { dials: false },
};

const fieldsOf = (error: unknown, kind: keyof typeof traits, timeoutMs = 30_000) =>
	unanswered(error, traits[kind], ADDRESS, timeoutMs).fields;

const neverReached = [
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'CERT_HAS_EXPIRED',
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'ERR_TLS_CERT_ALTNAME_INVALID',
	'CERT_NOT_YET_VALID',
	'CERT_REVOKED',
	'CERT_UNTRUSTED',
	'CERT_SIGNATURE_FAILURE',
	'CERT_CHAIN_TOO_LONG',
	'UNABLE_TO_GET_ISSUER_CERT',
	'INVALID_CA',
	'INVALID_PURPOSE',
	'HOSTNAME_MISMATCH',
	'ERR_INVALID_URL',
	'ERR_SOCKET_BAD_PORT',
];

const connecting = (code: string) => Object.assign(coded(code), { syscall: 'connect' });

/** What came of every address that a name has. */
const manyAddresses = (...errors: Error[]) =>
	Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT' });

const lostOnTheWay: Array<[string, unknown]> = [
	['ECONNRESET', coded('ECONNRESET')],
	['a read that ended', Object.assign(coded('ECONNRESET'), { syscall: 'read' })],
	['a write that ended', Object.assign(coded('EPIPE'), { syscall: 'write' })],
	[
		'a write of TLS, which may follow the request',
		Object.assign(coded('EPROTO'), { syscall: 'write' }),
	],
	['ERR_SSL_WRONG_VERSION_NUMBER', coded('ERR_SSL_WRONG_VERSION_NUMBER')],
	['EPIPE', coded('EPIPE')],
	['a host that is gone', Object.assign(coded('EHOSTUNREACH'), { syscall: 'read' })],
	['a network that is gone', Object.assign(coded('ENETUNREACH'), { syscall: 'write' })],
	['a network that is down', Object.assign(coded('ENETDOWN'), { syscall: 'read' })],
	['ERR_BAD_RESPONSE', coded('ERR_BAD_RESPONSE')],
	['a code that is a number', coded(500)],
	['an inherited name as code', coded('toString')],
	['no code', new Error('socket hang up')],
	['text', 'socket hang up'],
	['undefined', undefined],
	['null', null],
	['a cause of null', new Error('wrapped', { cause: null })],
];

/** What n8n 1 makes of it (n8n-core 1.122): the cause is gone. */
const byN8n1 = (httpCode: unknown, ...messages: string[]) =>
	Object.assign(new Error('The service refused the connection - perhaps it is offline'), {
		name: 'NodeApiError',
		cause: undefined,
		context: {},
		messages,
		httpCode,
	});

/** As n8n-core 1.122.48 threw them. */
const unconnectedByN8n1: Array<[string, unknown, string]> = [
	[
		'a port where nobody listens',
		byN8n1('ECONNREFUSED', ...Array<string>(2).fill('connect ECONNREFUSED 127.0.0.1:9')),
		'nothing answers there',
	],
	[
		'two addresses where nobody listens',
		byN8n1(
			'ECONNREFUSED',
			'connect ECONNREFUSED 127.0.0.1:9 | connect ECONNREFUSED ::1:9 | connect EINVAL fe80::1234:9 - Local (:::0)',
		),
		'nothing answers there',
	],
	[
		'a host that is not there',
		byN8n1('ENOTFOUND', ...Array<string>(2).fill('getaddrinfo ENOTFOUND twenty2.invalid')),
		'there is no such host',
	],
	[
		'a self-signed certificate',
		byN8n1('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
		'its certificate is self-signed',
	],
	['an odd port', byN8n1('ERR_INVALID_URL', 'Invalid URL'), 'that is no valid address'],
	[
		'a network that is not there',
		byN8n1('ENETUNREACH', 'connect ENETUNREACH 255.255.255.255:9 - Local (0.0.0.0:0)'),
		'the connection could not be made',
	],
	[
		'a connection that took too long',
		byN8n1('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:443'),
		'the connection could not be made',
	],
];

const lostByN8n1: Array<[string, unknown]> = [
	['a cut connection', byN8n1('ECONNRESET', 'socket hang up', 'socket hang up')],
	['half an answer', byN8n1('500', 'stream has been aborted')],
	['an answer that is not TLS', byN8n1('EPROTO', 'write EPROTO 807C:error:0A00010B:SSL routines')],
	['a network that went away', byN8n1('ENETUNREACH', 'read ENETUNREACH')],
	['one error of several that leaves doubt', byN8n1('EPIPE', 'connect EACCES ::1:9 | write EPIPE')],
	['messages of which one leaves doubt', byN8n1('EPIPE', 'connect EACCES ::1:9', 'write EPIPE')],
	['a message that only mentions connecting', byN8n1('EOTHER', 'read after connect ECONNRESET ')],
	['no message', byN8n1('EHOSTUNREACH')],
	['no code', byN8n1(null, 'connect')],
];

it.each(unconnectedByN8n1)('n8n 1 shows by %s that nothing was sent', (_, error, why) => {
	expect(fieldsOf(error, 'create')).toMatchObject({
		code: 'NETWORK_ERROR',
		message: `Twenty2 was not reached at ${ADDRESS}: ${why}`,
		status: null,
		source: 'n8n',
		outcome: 'not_placed',
	});
	expect(fieldsOf(error, 'read').code).toBe('NETWORK_ERROR');
});

it.each(lostByN8n1)(
	'n8n 1 leaves it open after %s whether a create was carried out',
	(_, error) => {
		expect(fieldsOf(error, 'create')).toMatchObject({
			code: 'OUTCOME_UNKNOWN',
			message: `The connection to ${ADDRESS} ended before the answer`,
			outcome: 'unknown',
		});
		expect(fieldsOf(error, 'read').code).toBe('TIMEOUT');
	},
);

it('n8n 1 tells how long it has waited', () => {
	const error = byN8n1('ECONNABORTED', 'timeout of 1500ms exceeded');
	expect(fieldsOf(error, 'create', 1_500)).toMatchObject({
		code: 'OUTCOME_UNKNOWN',
		message: `No answer from ${ADDRESS} within 1.5 seconds`,
	});
});

it.each([0, 1, 3])('what n8n itself forbids was not sent (%i causes deep)', (depth) => {
	const create = fieldsOf(within(new UserError('blocked'), depth), 'create');
	expect(create).toMatchObject({ code: 'NETWORK_ERROR', outcome: 'not_placed' });
	expect(create.message).toContain('does not allow');
});

describe.each([0, 1, 3])('with the reason %i causes deep', (depth) => {
	it.each(neverReached)('%s shows that nothing was sent', (code) => {
		const error = within(coded(code), depth);
		const create = fieldsOf(error, 'create');
		expect(create).toMatchObject({
			code: 'NETWORK_ERROR',
			status: null,
			source: 'n8n',
			outcome: 'not_placed',
			attempts: 0,
		});
		expect(create.message).toContain(ADDRESS);
		const read = fieldsOf(error, 'read');
		expect(read.code).toBe('NETWORK_ERROR');
		expect(read).not.toHaveProperty('outcome');
		for (const { message, description } of [create, read]) {
			expect(`${message} ${description}`).not.toMatch(alarming);
		}
	});

	it.each([
		['ETIMEDOUT', connecting('ETIMEDOUT')],
		['ECONNRESET', connecting('ECONNRESET')],
		['EADDRNOTAVAIL', connecting('EADDRNOTAVAIL')],
		['EHOSTUNREACH', connecting('EHOSTUNREACH')],
		['ENETUNREACH', connecting('ENETUNREACH')],
		['ENETDOWN', connecting('ENETDOWN')],
		['all addresses of a name', manyAddresses(connecting('ETIMEDOUT'), connecting('EACCES'))],
	])('%s while connecting shows that nothing was sent', (_, reason) => {
		const error = within(reason, depth);
		const create = fieldsOf(error, 'create');
		expect(create).toMatchObject({ code: 'NETWORK_ERROR', outcome: 'not_placed' });
		expect(create.message).toBe(
			`Twenty2 was not reached at ${ADDRESS}: the connection could not be made`,
		);
		expect(fieldsOf(error, 'read').code).toBe('NETWORK_ERROR');
	});

	it('several reasons leave doubt where one of them does', () => {
		for (const mixed of [[connecting('EACCES'), coded('EPIPE')], []]) {
			const create = fieldsOf(within(manyAddresses(...mixed), depth), 'create');
			expect(create.outcome).toBe('unknown');
		}
	});

	it.each(lostOnTheWay)('%s leaves it open whether a create was carried out', (_, reason) => {
		const error = within(reason, depth);
		expect(fieldsOf(error, 'create')).toMatchObject({
			code: 'OUTCOME_UNKNOWN',
			message: `The connection to ${ADDRESS} ended before the answer`,
			status: null,
			source: 'n8n',
			outcome: 'unknown',
		});
		const read = fieldsOf(error, 'read');
		expect(read).toMatchObject({ code: 'TIMEOUT', status: null, source: 'n8n' });
		expect(read).not.toHaveProperty('outcome');
		expect(`${read.message} ${read.description}`).not.toMatch(alarming);
	});

	it.each(['ECONNABORTED', 'ETIMEDOUT'])('%s tells how long it has waited', (code) => {
		const error = within(coded(code), depth);
		const message = `No answer from ${ADDRESS} within 1.5 seconds`;
		expect(fieldsOf(error, 'create', 1_500)).toMatchObject({
			code: 'OUTCOME_UNKNOWN',
			message,
			outcome: 'unknown',
		});
		expect(fieldsOf(error, 'read', 1_500)).toMatchObject({ code: 'TIMEOUT', message });
	});
});

it('unanswered looks below a code of the client for that of the connection', () => {
	const error = coded('ERR_NETWORK', { cause: coded('ECONNREFUSED') });
	expect(fieldsOf(error, 'create').outcome).toBe('not_placed');
});

it('unanswered comes to an end where an error is its own cause', () => {
	const error = coded('ECONNRESET');
	error.cause = error;
	expect(fieldsOf(error, 'create').outcome).toBe('unknown');
});

it('unanswered tells apart why Twenty2 was not reached', () => {
	const messages = ['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED'].map(
		(code) => fieldsOf(coded(code), 'read').message,
	);
	expect(new Set(messages).size).toBe(3);
});

it('unanswered gives a read no outcome', () => {
	expect(fieldsOf(coded('ECONNREFUSED'), 'read')).not.toHaveProperty('outcome');
	const lost = fieldsOf(coded('ECONNRESET'), 'read');
	expect(lost).toMatchObject({ code: 'TIMEOUT', status: null, source: 'n8n' });
	expect(lost).not.toHaveProperty('outcome');
});

it.each([
	['create', false],
	['read', true],
] as const)('a lost answer to a %s is retried: %s', (kind, again) => {
	const failure = unanswered(coded('ECONNRESET'), traits[kind], ADDRESS, 1);
	expect(verdictOn(failure).again).toBe(again);
});
