// fetch on connections that show a certificate: that of Node.js cannot.
import { request } from 'node:https'

/** fetch with this certificate and key, believing this authority of servers. */
export function fetchShowing(shown) {
  return (address, { method, headers, body }) => new Promise((resolve, reject) => {
    const sending = request(address, { method, headers, ...shown, agent: false }, async (answer) => {
      const told = Buffer.concat(await answer.toArray())
      resolve(new Response(told, { status: answer.statusCode, headers: answer.headers }))
    })
    sending.on('error', reject)
    sending.end(body === undefined || body === null ? undefined : String(body))
  })
}
