// Sends the same calls to dynalite and to the stand-in and compares the answers: status, error type and
// message, body. usage: node compare.js STAND_IN_URL FOLDER_WITH_DYNALITE
// A case file is {"calls": [[operation, parameters, why-it-may-differ?], ...]}; calls of a file run in
// order, on tables that the file makes. Closes with "N passed, N failed, N skipped".
'use strict'
const fs = require('fs')
const http = require('http')
const path = require('path')
const [standIn, modules] = process.argv.slice(2)
const dynalite = require(path.join(modules, 'node_modules', 'dynalite'))

// What differs by nature, not by behaviour.
const ignored = new Set(['TableId', 'CreationDateTime', 'TableArn', 'IndexArn', 'TableSizeBytes', 'ItemCount',
  'IndexSizeBytes', 'TableStatus', 'IndexStatus', 'DeletionProtectionEnabled',
  'LastUpdateToPayPerRequestDateTime', 'TableThroughputModeSummary'])

function call (base, operation, parameters) {
  return new Promise((resolve, reject) => {
    const body = typeof parameters === 'string' ? parameters : JSON.stringify(parameters)
    const url = new URL(base)
    const request = http.request({
      hostname: url.hostname, port: url.port, method: 'POST', path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.' + operation,
        'x-amz-date': '20260101T000000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b',
      },
    }, answer => {
      let text = ''
      answer.on('data', d => { text += d })
      answer.on('end', () => {
        try { resolve({ status: answer.statusCode, body: JSON.parse(text) }) } catch (e) { reject(new Error(operation + ': ' + text)) }
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

// Members sorted, sets sorted, what is ignored left out; of a syntax error only that it is one.
function normal (v, name) {
  if (Array.isArray(v)) {
    const list = v.map(x => normal(x))
    const unordered = ['SS', 'NS', 'BS', 'LocalSecondaryIndexes', 'GlobalSecondaryIndexes'].includes(name)
    return unordered ? list.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1) : list
  }
  if (v && typeof v === 'object') {
    const out = {}
    for (const key of Object.keys(v).sort()) {
      if (ignored.has(key)) continue
      const member = normal(v[key], key)
      if (member !== undefined) out[key] = member
    }
    return out
  }
  if (typeof v === 'string' && /Syntax error;/.test(v)) return v.replace(/Syntax error;.*/s, 'Syntax error;')
  return v
}

// BatchGetItem answers in no order.
function sortResponses (answer) {
  const responses = answer.body && answer.body.Responses
  if (responses && !Array.isArray(responses)) {
    for (const table of Object.keys(responses)) {
      responses[table] = responses[table].map(x => normal(x)).sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
    }
  }
  if (answer.status !== 200 && answer.body) { // "message" or "Message"
    answer.body.text = answer.body.message || answer.body.Message || ''
    delete answer.body.message
    delete answer.body.Message
  }
  return JSON.stringify({ status: answer.status, body: normal(answer.body) })
}

async function main () {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const theirs = 'http://127.0.0.1:' + server.address().port
  const folder = path.join(__dirname, 'cases')
  let passed = 0, failed = 0, skipped = 0
  for (const file of fs.readdirSync(folder).sort()) {
    const { calls } = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'))
    for (let i = 0; i < calls.length; i++) {
      const [operation, parameters, why] = calls[i]
      const answers = await Promise.all([call(standIn, operation, parameters), call(theirs, operation, parameters)])
      if (operation === 'CreateTable' || operation === 'DeleteTable' || operation === 'UpdateTable') {
        await new Promise(resolve => setTimeout(resolve, 20)) // dynalite's own timers
      }
      const [ours, expected] = answers.map(sortResponses)
      if (ours === expected) { passed++; continue }
      if (why) { skipped++; console.log(`skipped: ${file} call ${i} ${operation}: ${why}`); continue }
      failed++
      console.log(`${file} call ${i} ${operation} ${JSON.stringify(parameters).slice(0, 400)}\n  ours:     ${ours.slice(0, 700)}\n  dynalite: ${expected.slice(0, 700)}`)
    }
  }
  server.close(() => {})
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exit(failed ? 1 : 0)
}

main().catch(error => { console.error(error); console.log('0 passed, 1 failed'); process.exit(1) })
