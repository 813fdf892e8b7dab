import type { IBinaryKeyData, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { CallingHours } from './create/callingHours';
import type { Connection } from '../connection/connect';
import type { JsonObject } from '../json';
import type { UsedKeys } from '../run/keysOf';
import type { Ledger } from '../policy/ledger';
import type { Parameters } from './fields/parameters';

/** What the items of one run of the node share. */
export interface Run {
	ledger: Ledger;
	keys: UsedKeys;
	hours: CallingHours;
	/** Fires when nothing more is to be sent: the execution was stopped, or an item ended the run. */
	signal: AbortSignal;
	/** Fires only when the execution was stopped. */
	canceled: AbortSignal;
}

/** One item that the node returns. */
export interface Output {
	json: JsonObject;
	binary?: IBinaryKeyData;
}

/** Carries one checked item out. @returns what comes out for it @throws Failure */
export type Task = (run: Run) => Promise<Output[]>;

/** One operation of the node: its fields, and what it does with one item. */
export interface Operation {
	/** How it appears in the list of operations. */
	option: INodePropertyOptions;
	fields: INodeProperties[];
	/** Whether it makes phones ring, so that its failures tell whether one did. */
	phones: boolean;
	/** Reads and checks one item; nothing is sent. @throws Failure */
	check(parameters: Parameters, connection: Connection): Task;
}
