// A peer that checks signatures: it signs each request anew with the SDK's own signer, from what came
// over the wire, and refuses whatever differs. Then stepwell runs Tasks against it.
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

const require = createRequire(process.env.SIGNER + '/package.json');
const { SignatureV4 } = require('@smithy/signature-v4');
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', ID = 'AKIDEXAMPLE', TOKEN = 'a/session+token==';

class Sha256 { // what the signer wants of a hash
    constructor(key) { this.hash = key ? createHmac('sha256', key) : createHash('sha256'); }
    update(data) { this.hash.update(data); }
    async digest() { return new Uint8Array(this.hash.digest()); }
}

let accepted = 0, refused = 0, spoil = false;

async function check(request, body) {
    const found = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
        .exec(request.headers.authorization ?? '');
    if (!found) return 'no signature of version 4';
    const [, id, , region, service, names, signature] = found;
    if (id !== ID || request.headers['x-amz-security-token'] !== TOKEN) return 'other credentials';
    const url = new URL(request.url, 'http://' + request.headers.host);
    const query = {};
    for (const [name, value] of url.searchParams) query[name] = name in query ? [].concat(query[name], value) : value;
    const headers = {};
    for (const name of names.split(';'))
        if (!['x-amz-date', 'x-amz-security-token'].includes(name)) headers[name] = request.headers[name];
    const sent = request.headers['x-amz-content-sha256'];
    if (sent && sent !== 'UNSIGNED-PAYLOAD' && sent !== createHash('sha256').update(body).digest('hex')) return 'another body';
    const stamp = request.headers['x-amz-date'];
    const date = new Date(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
    if (Math.abs(date - Date.now()) > 300000) return 'another time';
    const signer = new SignatureV4({ service, region, sha256: Sha256, applyChecksum: false, uriEscapePath: service !== 's3',
        credentials: { accessKeyId: ID, secretAccessKey: SECRET + (spoil ? '!' : ''), sessionToken: TOKEN } });
    const mine = await signer.sign({ method: request.method, protocol: 'http:', hostname: url.hostname, path: request.url.split('?')[0],
        query, headers, body }, { signingDate: date, signableHeaders: new Set(names.split(';')), unsignableHeaders: new Set() });
    const again = /Signature=([0-9a-f]{64})/.exec(mine.headers.authorization)[1];
    return again === signature ? null : 'the signature does not match';
}

const server = createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('end', async () => {
        const why = await check(request, Buffer.concat(parts)).catch(e => String(e));
        if (why) { refused++; if (!spoil) console.log(`${request.method} ${request.url}: ${why}`); } else accepted++;
        response.writeHead(why ? 403 : 200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(why ? '{"__type":"SignatureDoesNotMatch","message":"no"}' : request.url.startsWith('/bucket') || request.headers['x-amz-target'] ? '{}' : '');
    });
});

const sdk = (name, parameters) => ({ Type: 'Task', Resource: `arn:aws:states:::aws-sdk:${name}`, Parameters: parameters,
    Catch: [{ ErrorEquals: ['States.ALL'], Next: null }] });
const tasks = [
    sdk('dynamodb:describeTable', { TableName: 'Table' }),
    sdk('dynamodb:putItem', { TableName: 'Table', Item: { id: { S: 'ünï ✓' } } }),
    sdk('s3:putObject', { Bucket: 'bucket', Key: 'a b/ü+=&?#%.txt', Body: 'text' }),
    sdk('s3:headObject', { Bucket: 'bucket', Key: 'plain//x/./y' }),
    sdk('sqs:getQueueAttributes', { QueueUrl: 'http://127.0.0.1/1/q', AttributeNames: ['All'] }),
    sdk('lambda:listFunctions', { MaxItems: 5, Marker: 'a b+c/d=~*' }),
    sdk('secretsmanager:getSecretValue', { SecretId: 'x' }),
    sdk('lambda:getFunction', { FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:f' }),
];

function run(folder, port) {
    const definition = { StartAt: 'S0', States: { End: { Type: 'Succeed' } } };
    tasks.forEach((task, i) => {
        const next = i + 1 < tasks.length ? `S${i + 1}` : 'End';
        definition.States[`S${i}`] = { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: next }], ResultPath: null, Next: next };
        definition.States[`S${i}`].Catch[0].ResultPath = null;
    });
    writeFileSync(`${folder}/d.asl.json`, JSON.stringify(definition));
    return new Promise(done => spawn(process.env.STEPWELL, ['run', `${folder}/d.asl.json`, '--db', `${folder}/${spoil}.db`, '--quiet'],
        { stdio: 'ignore', env: { PATH: process.env.PATH, HOME: folder, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: 'eu-west-1',
            AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: TOKEN, AWS_MAX_ATTEMPTS: '1' } }).on('exit', done));
}

server.listen(0, '127.0.0.1', async () => {
    const folder = mkdtempSync(`${tmpdir()}/stepwell-signature-`);
    let passed = 0, failed = 0;
    const judge = (what, fine) => { fine ? passed++ : failed++; if (!fine) console.log(`FAILED: ${what}`); };
    await run(folder, server.address().port);
    judge(`all ${tasks.length} are accepted (${accepted} were, ${refused} refused)`, accepted === tasks.length && refused === 0);
    accepted = refused = 0;
    spoil = true; // the peer knows another secret: it must refuse them all, or it checks nothing
    await run(folder, server.address().port);
    judge(`none is accepted under another secret (${accepted} were)`, accepted === 0 && refused === tasks.length);
    rmSync(folder, { recursive: true });
    console.log(`signature-peer: ${passed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
});
