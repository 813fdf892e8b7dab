/**
 * The operations of the node, one line each. The name of an operation is its value in the field
 * Operation. The node builds its fields, its subtitle and the check of that value from this list.
 */
export { createCall } from './createCall';
export { getCall } from './getCall';
export { getManyCalls } from './getManyCalls';
