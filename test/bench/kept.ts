import * as z from 'zod/v4';

/** What a run keeps on the heap, in bytes. */
export const kept = z.object({
	/** While n8n holds the execution, beside the items that went in and came out. */
	besideItems: z.number(),
	/** When n8n has let it go. */
	afterwards: z.number(),
});

export type Kept = z.infer<typeof kept>;
