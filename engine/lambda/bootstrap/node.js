// The Lambda runtime of a Node handler, given to `node -e`: loads _HANDLER from LAMBDA_TASK_ROOT, asks
// the Runtime API for events, posts results. Serves: Lambda developer guide, "Using the Lambda runtime
// API"; error payloads as nodejs20.x gives them: {errorType, errorMessage, trace}.
'use strict';
const http = require('http');
const fs = require('fs');
const path = require('path');
const url = require('url');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current = null; // the id of the invocation that is being worked on

function ask(method, name, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: '/2018-06-01/runtime/' + name, headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function fault(type, message) {
  const error = new Error(message);
  error.name = type;
  return error;
}

function describe(error) {
  if (error instanceof Error || (error && typeof error.message === 'string' && typeof error.stack === 'string'))
    return { errorType: error.name || 'Error', errorMessage: error.message, trace: String(error.stack).split('\n') };
  return { errorType: typeof error, errorMessage: error === undefined ? 'undefined' : String(error), trace: [] };
}

function tell(error) {
  const text = describe(error);
  console.error(JSON.stringify(text));
  const name = current ? 'invocation/' + current + '/error' : 'init/error';
  return ask('POST', name, JSON.stringify(text), {
    'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': text.errorType,
  });
}

let dying = false;
function die(error, status) {
  if (dying) process.exit(status); // whoever would be told has gone
  dying = true;
  const end = () => process.exit(status);
  tell(error).then(end, end);
}

process.stdout.on('error', () => process.exit(0));
process.stderr.on('error', () => process.exit(0));
process.on('uncaughtException', (error) => die(error, 129));
process.on('unhandledRejection', (reason) => {
  const error = fault('Runtime.UnhandledPromiseRejection', String(reason));
  die(error, 128);
});

function findFile(root, module) {
  for (const extension of ['.mjs', '.cjs', '.js', '']) {
    const file = path.join(root, module + extension);
    if (fs.existsSync(file) && fs.statSync(file).isFile()) return file;
  }
  throw fault('Runtime.ImportModuleError', "Error: Cannot find module '" + module + "'");
}

async function importFile(file) {
  if (!file.endsWith('.mjs'))
    try {
      return require(file);
    } catch (error) {
      if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    }
  return import(url.pathToFileURL(file).href);
}

async function load() {
  const root = process.env.LAMBDA_TASK_ROOT;
  const slash = process.env._HANDLER.lastIndexOf('/') + 1;
  const last = process.env._HANDLER.slice(slash);
  const dot = last.indexOf('.');
  if (dot < 1) throw fault('Runtime.MalformedHandlerName', 'Bad handler');
  const module = process.env._HANDLER.slice(0, slash) + last.slice(0, dot);
  let loaded;
  try {
    loaded = await importFile(findFile(root, module));
  } catch (error) {
    if (error instanceof SyntaxError) throw fault('Runtime.UserCodeSyntaxError', 'SyntaxError: ' + error.message);
    if (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')
      throw fault('Runtime.ImportModuleError', 'Error: ' + error.message);
    throw error;
  }
  let handler = loaded;
  for (const part of last.slice(dot + 1).split('.'))
    handler = handler && (handler[part] !== undefined ? handler[part] : handler.default && handler.default[part]);
  if (handler === undefined)
    throw fault('Runtime.HandlerNotFound', process.env._HANDLER + ' is undefined or not exported');
  if (typeof handler !== 'function')
    throw fault('Runtime.HandlerNotFound', process.env._HANDLER + ' is not a function');
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    clientContext: client ? JSON.parse(client) : undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// A handler gives a promise, or calls back: callback(error, result), context.done, succeed, fail.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error === null || error === undefined ? resolve(result) : reject(error));
    context.done = callback;
    context.succeed = resolve;
    context.fail = reject;
    const given = handler(event, context, callback);
    if (given && typeof given.then === 'function') given.then(resolve, reject);
    else if (handler.length < 3 && given !== undefined) resolve(given);
    else if (handler.length < 2 && given === undefined) resolve(given);
  });
}

function print(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) || 'null';
  } catch (error) {
    throw fault('Runtime.MarshalError', 'Unable to stringify response body: ' + error.message);
  }
}

async function main() {
  let handler;
  try {
    handler = await load();
  } catch (error) {
    await tell(error).catch(() => process.exit(0));
    process.exit(1);
  }
  for (;;) {
    const next = await ask('GET', 'invocation/next').catch(() => process.exit(0)); // nobody there any more
    if (next.status !== 200) process.exit(0);
    current = next.headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'] || '';
    try {
      const result = await run(handler, JSON.parse(next.body), contextOf(next.headers));
      await ask('POST', 'invocation/' + current + '/response', print(result), { 'Content-Type': 'application/json' });
    } catch (error) {
      await tell(error).catch(() => process.exit(0));
    }
    current = null;
  }
}
main();
