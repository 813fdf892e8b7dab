/** The operations of the node, by their values in the field Operation. Its fields and subtitle follow from them. */
export { createCall } from './createCall';
export { getCall } from './getCall';
export { getManyCalls } from './getManyCalls';
