// What the recordings of TestState do not show, rule by rule: every station of the data flow, what is
// refused and in which words, retries and catches, children, readers, real calls and time.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Server, Tally, until } from './client.mjs';

const ROLE = 'arn:aws:iam::123456789012:role/sfn';
const tally = new Tally('test_state_rules');
const show = (v) => JSON.stringify(v);

// A function that can be slow, fail, or echo.
let hasCome = false; // the slow request
const lambda = createServer((request, response) => {
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    const { fails, slow } = JSON.parse(body || '{}');
    if (slow) hasCome = true;
    const headers = fails ? { 'X-Amz-Function-Error': 'Unhandled' } : {};
    setTimeout(() => response.writeHead(200, headers)
      .end(fails ? '{"errorType":"Broken","errorMessage":"m"}' : body), slow ?? 0).unref();
  });
});
await new Promise((resolve) => lambda.listen(0, '127.0.0.1', resolve));
const web = createServer((request, response) => {
  request.resume();
  response.writeHead(request.url.startsWith('/no') ? 404 : 200, { 'Content-Type': 'application/json', 'X-Seen': ['a', 'b'] });
  response.end('{"ok":true}');
});
await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
const webUrl = `http://127.0.0.1:${web.address().port}`;
const server = new Server(['--route', `lambda=http://127.0.0.1:${lambda.address().port}`, '--route', `http=${webUrl}`]);
const connections = join(server.folder, 'connections.json');
writeFileSync(connections, JSON.stringify({ c: { AuthorizationType: 'API_KEY',
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'canary' } } } }));
server.options.push('--connections', connections);
await server.start();

const call = async (definition, more = {}) =>
  server.call('TestState', { definition: JSON.stringify(definition), inspectionLevel: 'TRACE', ...more });

// `expected`: members of the answer; inspectionData's texts are compared as what they say.
async function gives(name, definition, more, expected) {
  const { status, body } = await call(definition, more);
  const plain = (v, key) => (typeof v === 'string' && /^(output|after|input|result|variables)/.test(key) ? JSON.parse(v) : v);
  const seen = { ...body, ...(body.output === undefined ? {} : { output: plain(body.output, 'output') }) };
  if (body.inspectionData)
    seen.inspectionData = Object.fromEntries(Object.entries(body.inspectionData).map(([k, v]) => [k, plain(v, k)]));
  for (const [key, value] of Object.entries(expected)) {
    const given = key in seen ? seen[key] : seen.inspectionData?.[key];
    if (status !== 200 || show(given) !== show(value)) {
      tally.fail(name, `${key}: ${show(given)}, not ${show(value)} (${show(body)})`);
      return;
    }
  }
  tally.pass();
}

async function refuses(name, definition, more, type, message) {
  const { status, body } = await call(definition, more);
  if (status === 400 && body.__type === type && body.message === message) tally.pass();
  else tally.fail(name, `${show(body)}, not ${type} ${message}`);
}

const items = { ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'I', States: { I: { Type: 'Pass', End: true } } } };
const map = (more) => ({ Type: 'Map', ...items, End: true, ...more });
const invoke = (more) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'f', 'Payload.$': '$' }, End: true, ...more });
const lambdaTask = (more) => ({ Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:123456789012:function:f', End: true, ...more });
const mocked = (result, more = {}) => ({ mock: { result: JSON.stringify(result) }, ...more });
const failing = (error, cause, more = {}) => ({ mock: { errorOutput: { error, ...(cause ? { cause } : {}) } }, ...more });
const configured = (stateConfiguration) => ({ stateConfiguration });

// ---- data flow ----
await gives('a Wait', { Type: 'Wait', Seconds: 10, InputPath: '$.a', Next: 'N' }, { input: '{"a":[1, 2]}' },
  { status: 'SUCCEEDED', nextState: 'N', output: [1, 2], afterInputPath: [1, 2], afterParameters: undefined });
await gives('what was assigned', { Type: 'Pass', Assign: { x: 5, 'y.$': '$.a' }, End: true },
  { input: '{"a":1}', variables: '{"x":1,"z":2}' }, { variables: { x: 5, z: 2, y: 1 } });
await gives('a selected result', invoke({ ResultSelector: { 'n.$': '$.Payload' }, ResultPath: '$.r', OutputPath: '$.r.n' }),
  mocked({ Payload: 7 }, { input: '{"a":1}' }), { output: 7, result: { Payload: 7 }, afterResultSelector: { n: 7 },
    afterResultPath: { a: 1, r: { n: 7 } }, afterParameters: { FunctionName: 'f', Payload: { a: 1 } } });
await gives('where a path ends', invoke({ Parameters: { FunctionName: 'f', 'Payload.$': '$.no' } }), mocked({}, { input: '{}' }),
  { status: 'FAILED', error: 'States.Runtime', input: {}, afterInputPath: {}, afterParameters: undefined,
    cause: "The JSONPath '$.no' specified for the field 'Payload.$' could not be found in the input '{}'" });
await gives('an unknown parameter', { Type: 'Task', Resource: 'arn:aws:states:::dynamodb:getItem',
  Parameters: { TableName: 'T', Key: {}, Nope: 1 }, End: true }, mocked({}), { status: 'FAILED', error: 'States.Runtime',
  cause: 'The Parameters \'{"TableName":"T","Key":{},"Nope":1}\' could not be used to start the Task: [The field "Nope" is not supported by Step Functions]' });

// ---- Map ----
await gives('an item selector and batches', map({ ItemsPath: '$.v', MaxConcurrency: 3, ToleratedFailurePercentage: 50,
  ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'k.$': '$.k' },
  ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'b.$': '$.k' } } }), mocked([1], { input: '{"v":["x","y","z"],"k":9}' }), {
  status: 'SUCCEEDED', output: [1], afterItemsPath: ['x', 'y', 'z'], maxConcurrency: 3, toleratedFailurePercentage: 50,
  afterItemSelector: [{ i: 0, v: 'x', k: 9 }, { i: 1, v: 'y', k: 9 }, { i: 2, v: 'z', k: 9 }],
  afterItemBatcher: [{ BatchInput: { b: 9 }, Items: [{ i: 0, v: 'x', k: 9 }, { i: 1, v: 'y', k: 9 }] },
    { BatchInput: { b: 9 }, Items: [{ i: 2, v: 'z', k: 9 }] }] });
await gives('a selector in a given context', map({ ItemSelector: { 'v.$': '$$.Map.Item.Value', 'n.$': '$$.Execution.Name' } }),
  mocked([], { input: '[4]', context: '{"Execution":{"Name":"e"}}' }), { afterItemSelector: [{ v: 4, n: 'e' }] });
await gives('failures within a share', map({ ToleratedFailurePercentage: 50 }),
  mocked([1, 1, 1, 1], { input: '[1,2,3,4]', ...configured({ mapIterationFailureCount: 2 }) }), { status: 'SUCCEEDED' });
await gives('failures beyond a share', map({ ToleratedFailurePercentage: 25 }),
  mocked([1, 1, 1, 1], { input: '[1,2,3,4]', ...configured({ mapIterationFailureCount: 2 }) }),
  { status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
await gives('the narrower of two limits', map({ ToleratedFailurePercentage: 75, ToleratedFailureCount: 1 }),
  mocked([1, 1, 1, 1], { input: '[1,2,3,4]', ...configured({ mapIterationFailureCount: 2 }) }), { status: 'FAILED' });
const reader = (config, more = {}) => map({ ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: config,
  Parameters: { Bucket: 'b', Key: 'k' } }, ItemSelector: { 'v.$': '$$.Map.Item.Value' }, ...more });
const read = (data) => mocked([], configured({ mapItemReaderData: data }));
await gives('JSON that is read', reader({ InputType: 'JSON' }), read('[1,2]'), { afterItemSelector: [{ v: 1 }, { v: 2 }] });
await gives('JSON at a pointer', reader({ InputType: 'JSON', ItemsPointer: '/a/b' }), read('{"a":{"b":[5]}}'),
  { afterItemsPointer: [5], afterItemSelector: [{ v: 5 }] });
await gives('JSON Lines', reader({ InputType: 'JSONL' }), read('{"a":1}\n\n{"a":2}\n'), { afterItemSelector: [{ v: { a: 1 } }, { v: { a: 2 } }] });
await gives('CSV', reader({ InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }), read('a,b\r\n1,"x ""y"", z"\r\n2\r\n'),
  { afterItemSelector: [{ v: { a: '1', b: 'x "y", z' } }, { v: { a: '2', b: '' } }] });
await gives('CSV headers twice', reader({ InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }), read('a,a\n1,2\n'),
  { status: 'FAILED', error: 'States.ItemReaderFailed', cause: 'CSV headers cannot contain duplicates.' });
await gives('a number to map over', reader({ InputType: 'JSON' }), read('5'),
  { status: 'FAILED', error: 'States.ItemReaderFailed', cause: 'Attempting to map over non-iterable node.' });
await gives('a written result', map({ ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'b', Prefix: 'p' } } }),
  mocked({ MapRunArn: 'a' }, { input: '[1]' }), { status: 'SUCCEEDED', output: { MapRunArn: 'a' } });

// ---- Parallel, retries, catches ----
const branches = { Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', End: true } } }] };
await gives('a Parallel that fails is caught', { Type: 'Parallel', ...branches, Next: 'N',
  Catch: [{ ErrorEquals: ['Other'], Next: 'O' }, { ErrorEquals: ['E'], ResultPath: '$.e', Next: 'H' }] },
failing('E', 'C', { input: '{"a":1}', ...configured({ errorCausedByState: 'B' }) }), { status: 'CAUGHT_ERROR', error: 'E', cause: 'C',
  nextState: 'H', output: { a: 1, e: { Error: 'E', Cause: 'C' } }, errorDetails: { catchIndex: 1 } });
const retry = (more) => ({ ErrorEquals: ['E'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 3, ...more });
await gives('the second retry', invoke({ Retry: [{ ErrorEquals: ['X'] }, retry()] }), failing('E', '', configured({ retrierRetryCount: 1 })),
  { status: 'RETRIABLE', error: 'E', errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 6 }, output: undefined });
await gives('a retry held back', invoke({ Retry: [retry({ MaxDelaySeconds: 5 })] }), failing('E', '', configured({ retrierRetryCount: 2 })),
  { status: 'RETRIABLE', errorDetails: { retryIndex: 0, retryBackoffIntervalSeconds: 5 } });
await gives('retries used up, then caught', invoke({ Retry: [retry()], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'H' }] }),
  failing('E', '', configured({ retrierRetryCount: 3 })), { status: 'CAUGHT_ERROR', nextState: 'H' });
await gives('an error nobody takes', invoke({ Retry: [retry()] }), failing('F', 'C'),
  { status: 'FAILED', error: 'F', cause: 'C', errorDetails: undefined });

// ---- what is asked for only ----
await gives('INFO', { Type: 'Pass', End: true }, { inspectionLevel: 'INFO' }, { status: 'SUCCEEDED', inspectionData: undefined });
for (const [kind, resource, parameters] of [
  ['.sync', 'arn:aws:states:::states:startExecution.sync', { Parameters: { StateMachineArn: 'a' } }],
  ['.waitForTaskToken', 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', { Parameters: { QueueUrl: 'u', 'MessageBody.$': '$$.Task.Token' } }],
  ['an activity', 'arn:aws:states:us-east-1:123456789012:activity:a', {}]]) {
  const definition = { Type: 'Task', Resource: resource, End: true, ...parameters };
  const { body } = await call(definition, { roleArn: ROLE });
  if (body.message?.startsWith('TestState API does not support')) tally.pass(); else tally.fail(`${kind} without a mock`, show(body));
  if (kind !== '.sync') await gives(`${kind} mocked`, definition, mocked('any'), { status: 'SUCCEEDED', output: 'any' });
}
await gives('a token in the context', { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  Parameters: { QueueUrl: 'u', 'MessageBody.$': '$$.Task.Token' }, End: true },
mocked({}, { context: '{"Task":{"Token":"t"}}' }), { afterParameters: { QueueUrl: 'u', MessageBody: 't' } });

// ---- refusals ----
const invalid = (name, definition, more, message) => refuses(name, definition, more, 'ValidationException', message);
await invalid('a mocked Choice', { Type: 'Choice', Choices: [{ Variable: '$.x', IsPresent: true, Next: 'A' }] }, mocked(1),
  "State type 'Choice' is not supported when a mock is specified");
await invalid('a mocked Wait', { Type: 'Wait', Seconds: 1, End: true }, mocked(1), "State type 'Wait' is not supported when a mock is specified");
await invalid('an empty mock', invoke(), { mock: {} }, 'A test mock should have only one of the following fields: [result, errorOutput].');
await invalid('a mock that is no JSON', invoke(), { mock: { result: '{' } }, 'Mocked result must be valid JSON');
await invalid('a Map\'s mock', map(), mocked({}), 'Mocked result must be an array.');
await invalid('a writing Map\'s mock', map({ ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'b', Prefix: 'p' } } }),
  mocked([]), 'Mocked result must be a JSON object.');
await invalid('failures without a mock', map(), configured({ mapIterationFailureCount: 1 }),
  'TestState does not support MapIterationFailureCount when a mock is not specified.');
await invalid('Map in a context', invoke(), mocked({}, { context: '{"Map":{}}' }),
  "Invalid Context object provided: 'Map' field is not supported when mocking a Context object");
await invalid('a retry count in words', invoke(), mocked({}, { context: '{"State":{"RetryCount":"1"}}' }),
  'Invalid Context object provided: State.RetryCount must be a number');
await invalid('a level that is none', { Type: 'Pass', End: true }, { inspectionLevel: 'LOUD' },
  "1 validation error detected: Value 'LOUD' at 'inspectionLevel' failed to satisfy constraint: Member must satisfy enum value set: [INFO, DEBUG, TRACE]");
await refuses('an input that is no JSON', { Type: 'Pass', End: true }, { input: 'nope' }, 'InvalidExecutionInput',
  "Invalid State Machine Execution Input: 'Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'");

// ---- real calls ----
await gives('a call', lambdaTask(), { roleArn: ROLE, input: '{"a":1}' }, { status: 'SUCCEEDED', output: { a: 1 }, result: { a: 1 } });
await gives('a call that fails', lambdaTask({ Catch: [{ ErrorEquals: ['Broken'], Next: 'H' }] }), { roleArn: ROLE, input: '{"fails":true}' },
  { status: 'CAUGHT_ERROR', error: 'Broken', nextState: 'H' });
await gives('a call that is tried again', lambdaTask({ Retry: [{ ErrorEquals: ['States.ALL'] }] }), { roleArn: ROLE, input: '{"fails":true}' },
  { status: 'RETRIABLE', errorDetails: { retryIndex: 0, retryBackoffIntervalSeconds: 1 } });
await gives('a call that takes too long', lambdaTask({ TimeoutSeconds: 1 }), { roleArn: ROLE, input: '{"slow":600000}' },
  { status: 'FAILED', error: 'States.Timeout' });
const http = (path) => ({ Type: 'Task', Resource: 'arn:aws:states:::http:invoke', End: true, Parameters: { Method: 'POST',
  ApiEndpoint: `https://example.com${path}`, RequestBody: { a: 1 }, Headers: { 'X-Mine': 'm' },
  Authentication: { ConnectionArn: 'arn:aws:events:us-east-1:123456789012:connection/c/1' } } });
const agent = 'User-Agent: [Amazon|StepFunctions|HttpInvoke|us-east-1]';
const sent = (secret = '') => ({ protocol: 'http', method: 'POST', url: `${webUrl}/x`,
  headers: `[X-Mine: [m], ${agent}, Range: [bytes=0-262144], Content-Type: [application/json; charset=UTF-8]${secret}]`, body: '{"a":1}' });
await gives('an HTTP request without its secrets', http('/x'), { roleArn: ROLE }, { status: 'SUCCEEDED', request: sent() });
await gives('an HTTP request with them', http('/x'), { roleArn: ROLE, revealSecrets: true }, { request: sent(', X-Key: [canary]') });
await gives('no HTTP request under DEBUG', http('/x'), { roleArn: ROLE, inspectionLevel: 'DEBUG' }, { status: 'SUCCEEDED', request: undefined });
{
  const { body } = await call(http('/no'), { roleArn: ROLE });
  const { headers, ...response } = body.inspectionData?.response ?? {};
  const fine = show(response) === show({ protocol: 'http', statusCode: '404', statusMessage: 'Not Found', body: '{"ok":true}' });
  if (fine && /X-Seen: \[a, b\]/i.test(headers) && body.error === 'States.Http.StatusCode.404') tally.pass();
  else tally.fail('an HTTP answer', show(body));
}
{
  hasCome = false;
  const left = call(lambdaTask(), { roleArn: ROLE, input: '{"slow":500}' }).catch(() => 'gone');
  await until(() => hasCome);
  const status = await server.stop();
  if (status === 0) tally.pass(); else tally.fail('a server that stops meanwhile', `ended with ${status}: ${server.errors}`);
  await left;
}
web.close();
web.closeAllConnections?.();
lambda.close();
lambda.closeAllConnections?.();
tally.close();
