import { NodeOperationError, type INode, type WorkflowExecuteMode } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import {
	answer,
	answerTryAgain,
	endsWithout,
	startsWorkflow,
	throwOperationError,
	turnAway,
} from '../../../nodes/Twenty2/trigger/respond';
import { parseEvent } from '../../../nodes/Twenty2/trigger/event';
import { documented } from './documentedEvent';

const node: INode = {
	id: '1',
	name: 'Twenty2 Trigger',
	type: 'n8n-nodes-twenty2.twenty2Trigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const silent = () => undefined;
const noLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** n8n with a delivery, and what the sender is told. */
function delivery(mode: WorkflowExecuteMode = 'webhook') {
	const told: unknown[] = [];
	const response = {
		writeHead: (status: number, headers: object) => void told.push(status, headers),
		end: (body: string) => void told.push(JSON.parse(body)),
	};
	const getResponseObject = () => response;
	return { n8n: { getMode: () => mode, getNode: () => node, getResponseObject }, told };
}

const json = { 'content-type': 'application/json' };

it('the answer to a delivery is JSON, and n8n adds none of its own', () => {
	const { n8n, told } = delivery();
	expect(answer(n8n, 200, 'Received')).toEqual({ noWebhookResponse: true });
	expect(told).toEqual([200, json, { message: 'Received' }]);
});

it('the answer to a delivery says when to send again what was not taken up', () => {
	const { n8n, told } = delivery();
	answerTryAgain(n8n, 'Not verified yet');
	expect(told).toEqual([503, { ...json, 'retry-after': '10' }, { message: 'Not verified yet' }]);
});

it('the answer to a delivery tells a sender no details, because anybody may ask', () => {
	const { n8n, told } = delivery();
	turnAway(n8n, 403, 'Twenty2 does not confirm it', { details: 'the call failed' });
	expect(told).toEqual([403, json, { message: 'Twenty2 does not confirm it' }]);
});

it('the answer to a delivery tells the details to somebody who listens for a test event, as a failed execution', () => {
	const { n8n, told } = delivery('manual');
	const turn = () => turnAway(n8n, 403, 'Not confirmed', { details: 'the call failed' });
	expect(turn).toThrow('An event came and was turned away. Not confirmed: the call failed');
	expect(() => turnAway(n8n, 401, 'No secret')).toThrow(/turned away\. No secret$/);
	expect(told).toEqual([]);
});

it('a delivery for which nothing starts the workflow is said in the log, where n8n takes no hint', () => {
	const logged: string[] = [];
	const event = parseEvent(documented);
	if ('wrong' in event) throw new Error(event.wrong);
	const logger = { ...noLogger, warn: (line: string) => void logged.push(line) };
	const addExecutionHints = () => {
		throw new TypeError('no hints');
	};
	expect(endsWithout({ logger, addExecutionHints }, event, 'No such call')).toEqual([]);
	expect(logged).toEqual([`Twenty2 event ${event.eventId} started nothing: No such call`]);
});

it('a delivery starts the workflow with one item', () => {
	const item = { json: { event: 'call.completed' } };
	expect(startsWorkflow(item)).toEqual({ noWebhookResponse: true, workflowData: [[item]] });
});

it('a delivery fails with an error of the node, with the code and the advice', () => {
	const failure = Failure.ofInput('INVALID_INPUT', 'Events must name one', 'Check the field');
	expect(() => throwOperationError(node, failure)).toThrow(
		expect.objectContaining({
			message: 'Events must name one',
			description: 'Check the field',
			code: 'INVALID_INPUT',
		}),
	);
});

it('a delivery fails with anything else as it is', () => {
	const own = new NodeOperationError(node, 'turned away');
	expect(() => throwOperationError(node, own)).toThrow(own);
	const fault = new TypeError('x is not a function');
	expect(() => throwOperationError(node, fault)).toThrow(fault);
});
