export type { Accounts, ApiKey, Assistant, WorkspaceKey } from './accounts';
export type { Behaviour, ReadBehaviour } from './behaviours';
export type { Call, GenerationName, Pace } from './calls';
export type { Counting, CountingRule, Limits } from './limits';
export { magicNumbers } from './numbers';
export type { Seen, SeenRequest } from './seen';
export { type Sandbox, type SandboxOptions, startSandbox } from './server';
