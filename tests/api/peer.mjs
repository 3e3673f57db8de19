// Services beside Step Functions, as far as its recordings and deliveries need them: SQS queues,
// CloudWatch Logs, EventBridge's bus, a Lambda function that fails. In memory, in this process; what came is there to look at.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const md5 = (text) => createHash('md5').update(text).digest('hex');

export class Peer {
  constructor() {
    Object.assign(this, { queues: new Map(), groups: new Map(), events: [], calls: [], refuse: null, hold: null });
  }

  async start(port = 0) {
    this.http = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => { body += data; });
      request.on('end', () => this.#answer(request, body, response));
    });
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // Options of `serve` that send these services here.
  get routes() {
    return ['sqs', 'lambda', 'cloudwatchlogs', 'eventbridge'].flatMap((s) => ['--route', `${s}=${this.url}`]);
  }

  close() {
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(resolve));
  }

  queueUrl(name) {
    this.queues.set(name, this.queues.get(name) ?? []);
    return `${this.url}/123456789012/${name}`;
  }

  createGroup(name) {
    this.groups.set(name, new Map());
  }

  // All records of a group, parsed, in the order they came.
  logged(group) {
    return [...this.groups.get(group)?.values() ?? []].flat().map((e) => JSON.parse(e.message));
  }

  async #answer(request, body, response) {
    if (request.url.includes('/functions/')) {
      response.writeHead(200, { 'X-Amz-Function-Error': 'Unhandled', 'Content-Type': 'application/json' });
      response.end(this.functionError);
      return;
    }
    const operation = request.headers['x-amz-target']?.split('.').pop();
    const parameters = JSON.parse(body || '{}');
    this.calls.push({ operation, parameters });
    if (this.hold) await this.hold;
    let status = 200, answer;
    try {
      if (this.refuse?.(operation, parameters)) throw [500, 'InternalFailure', 'told to'];
      answer = this[operation](parameters) ?? {};
    } catch (error) {
      if (!Array.isArray(error)) throw error;
      [status, answer] = [error[0], { __type: error[1], message: error[2] }];
    }
    const text = Buffer.from(JSON.stringify(answer));
    response.writeHead(status, { 'x-amzn-RequestId': randomUUID(), connection: 'keep-alive',
      'Content-Type': request.headers['content-type'], 'Content-Length': text.length, Date: new Date().toUTCString() });
    response.end(text);
  }

  #queue(url) {
    const queue = this.queues.get(url.split('/').pop());
    if (!queue) throw [400, 'com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.'];
    return queue;
  }

  // ---- SQS ----

  SendMessage({ QueueUrl, MessageBody, MessageAttributes }) {
    const message = { Body: MessageBody, MessageId: randomUUID(), MD5OfBody: md5(MessageBody),
      MessageAttributes, ReceiptHandle: randomUUID() };
    this.#queue(QueueUrl).push(message);
    return { MD5OfMessageBody: message.MD5OfBody, MessageId: message.MessageId };
  }

  ReceiveMessage({ QueueUrl, MaxNumberOfMessages = 1 }) {
    const taken = this.#queue(QueueUrl).splice(0, MaxNumberOfMessages);
    return taken.length ? { Messages: taken } : {};
  }

  DeleteMessage() {}

  // ---- CloudWatch Logs ----

  #streams({ logGroupName }) {
    const streams = this.groups.get(logGroupName);
    if (!streams) throw [400, 'ResourceNotFoundException', 'The specified log group does not exist.'];
    return streams;
  }

  CreateLogStream(parameters) {
    const streams = this.#streams(parameters);
    if (streams.has(parameters.logStreamName))
      throw [400, 'ResourceAlreadyExistsException', 'The specified log stream already exists'];
    streams.set(parameters.logStreamName, []);
  }

  PutLogEvents(parameters) {
    const stream = this.#streams(parameters).get(parameters.logStreamName);
    if (!stream) throw [400, 'ResourceNotFoundException', 'The specified log stream does not exist.'];
    const times = parameters.logEvents.map((e) => e.timestamp);
    if (times.some((t, i) => i && t < times[i - 1]))
      throw [400, 'InvalidParameterException', 'Log events in a single PutLogEvents request must be in chronological order.'];
    stream.push(...parameters.logEvents);
  }

  // ---- EventBridge ----

  PutEvents({ Entries }) {
    if (Entries.length > 10) throw [400, 'ValidationException', 'too many entries'];
    this.events.push(...Entries);
    return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) };
  }
}
