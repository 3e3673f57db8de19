// An answer of AWS as it was recorded against ours. Strict but for the recorder's marks (each stands for
// one text throughout a case), its words for times, and members that AWS added after the recording.
import { ACCOUNT } from './client.mjs';

const NEWER = new Set(['encryptionConfiguration', 'redriveCount', 'RedriveCount', 'RedriveStatus',
  'RedriveStatusReason']); // the redrive members are shown in recordings of 2025

const NUMBER = /^\d+(\.\d+)?$/, ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const WORDS = { datetime: NUMBER, timestamp: NUMBER, 'start-date': NUMBER, 'stop-date': NUMBER,
  map_run_arn: /^arn:.*:mapRun:/, 'start-time': ISO, 'entered-time': ISO, date: /^\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT$|^\d{4}-\d\d-\d\dT[\d:.]+Z$/ };
const MARK = new RegExp(['<[^<>]+>', ...['snf_role_arn(?:_t\\d)?', 'sfn_role_arn', 'ssm_nonexistent_arn',
  'invalid_execution_arn', 'state-machine-arn', 'execution-arn', 'lambda_function_name', 'sqs-queue-url', 'function_name_branch\\d', 'activity_arn', 'sqs_queue_url', 'a_task_token', 'a_message_id'].map((w) => `\\b${w}\\b`)].join('|'), 'g');
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// A text with marks: each stands for one text throughout a case.
function textFits(expected, given, marks) {
  let last = 0, pattern = '^';
  const named = [];
  for (const m of expected.matchAll(MARK)) {
    pattern += escaped(expected.slice(last, m.index));
    last = m.index + m[0].length;
    if (marks.has(m[0])) pattern += escaped(marks.get(m[0]));
    else if (named.includes(m[0])) pattern += `\\${named.indexOf(m[0]) + 1}`;
    else { named.push(m[0]); pattern += '(.+?)'; }
  }
  const found = new RegExp(`${pattern}${escaped(expected.slice(last))}$`, 's').exec(given);
  if (found) named.forEach((mark, i) => marks.set(mark, found[i + 1]));
  return found !== null;
}

// "" or where and how they differ.
export function differs(expected, given, marks, where = '') {
  const path = where.split('/');
  if (expected === path.at(-1) || expected === path.slice(-2).join('.')) return ''; // the recorder put the member's name
  if (typeof expected === 'string' && expected === given) return '';
  if (Array.isArray(given) && given.length === 1 && WORDS[expected]) [given] = given;
  if (typeof expected === 'string' && WORDS[expected])
    return WORDS[expected].test(String(given)) ? '' : `${where}: ${given} is no time`;
  if (typeof given === 'string' && typeof expected !== 'string') {
    try { given = JSON.parse(given); } catch { return `${where}: ${given} is no JSON text`; }
  }
  if (typeof expected === 'string' && typeof given === 'string') {
    const text = expected.replaceAll('111111111111', ACCOUNT).replace(/<<(\w+)>:(\d+)>/g, '<$1:$2>');
    return textFits(text, given, marks) ? '' : `${where}: expected ${text}, got ${given}`;
  }
  if (expected === null || given === null || typeof expected !== 'object' || typeof given !== 'object')
    return expected === given ? '' : `${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(given)}`;
  if (Array.isArray(expected) && expected.length !== given.length)
    return `${where}: ${expected.length} elements expected, got ${JSON.stringify(given)}`;
  for (const key of Object.keys(expected)) {
    if (!(key in given)) return `${where}/${key}: missing`;
    const why = differs(expected[key], given[key], marks, `${where}/${key}`);
    if (why) return why;
  }
  const extra = Object.keys(given).find((key) => !(key in expected) && !NEWER.has(key));
  return extra ? `${where}/${extra}: not expected (${JSON.stringify(given[extra])})` : '';
}

const CLIENT_SIDE = 'Parameter validation failed'; // botocore refused it: AWS was never asked

// A whole answer: members, or the error recorded.
export function judge(expected, answer, part, marks, definitions) {
  if (typeof expected === 'string' || expected.exception_value?.startsWith(CLIENT_SIDE))
    return answer.status === 400 ? '' : `should be refused, got ${JSON.stringify(answer.body)}`;
  const { ResponseMetadata, Error: error, message, ...members } = expected;
  const raised = /^An error occurred \((\w+)\) when calling the \w+ operation: (.*)$/s
    .exec(expected.exception_value ?? '');
  if (error || raised) {
    const [type, text] = error ? [error.Code, error.Message] : [raised[1], raised[2]];
    if (answer.status !== 400 || answer.body.__type !== type)
      return `expected ${type}, got ${JSON.stringify(answer.body)}`;
    return differs(text, answer.body.message, marks, 'message');
  }
  if (answer.status !== 200) return `got ${answer.status} ${JSON.stringify(answer.body)}`;
  const wanted = Array.isArray(expected) ? expected : members;
  if (wanted.definition) { // the very text that was given, not the recorder's rendering of it
    if (!definitions.includes(answer.body.definition)) return `definition: got ${answer.body.definition}`;
    delete wanted.definition;
    delete answer.body.definition;
  }
  return differs(wanted, part ? answer.body[part] : answer.body, marks);
}
