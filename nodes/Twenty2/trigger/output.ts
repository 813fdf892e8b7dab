import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import * as z from 'zod/v4/mini';

import { isJsonObject } from '../json';
import { simplifiedEvent, type CallEvent } from './event';

const json = z.custom<IDataObject>(isJsonObject);

/** The one item that an event starts the workflow with. */
export function output(event: CallEvent, simplify: boolean): INodeExecutionData {
	return { json: json.parse(simplify ? simplifiedEvent(event) : event.body) };
}
