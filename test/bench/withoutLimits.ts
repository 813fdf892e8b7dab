/** What a credential says of Twenty2 where its limits are not what is measured. */
export const withoutLimits = { requestsPerMinute: 100_000_000, concurrentCalls: 3 };
