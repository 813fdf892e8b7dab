import * as z from 'zod/v4/mini';

import type { JsonObject } from '../json';
import type { PlacedCall } from './responses';

/** With its time zone: without one, a time may be hours off. */
const moment = z.iso.datetime({ offset: true });

const listed = z.looseObject({ call_id: z.string(), started_at: moment });

/** Twenty2's clock may tell whole seconds only, in `Date` and in the calls. */
const COARSE_MS = 1_000;

/**
 * Those of listed calls that began since a create was sent. One that has not begun yet may have been
 * queued long before, so it is not among them.
 * @param calls as Twenty2 lists them
 * @param sentAt in milliseconds since 1970, by the clock of this machine
 * @param date the header of the answer, by which the two clocks are compared
 */
export function begunSince(calls: JsonObject[], sentAt: number, date = ''): PlacedCall[] {
	const theirNow = date.endsWith('GMT') ? Date.parse(date) : Number.NaN;
	const ahead = Number.isNaN(theirNow) ? 0 : theirNow - Date.now();
	return calls.flatMap((call) => {
		const { data } = listed.safeParse(call);
		const begun = data && Date.parse(data.started_at) >= sentAt + ahead - COARSE_MS;
		return begun ? [{ call_id: data.call_id, status: call.status }] : [];
	});
}
