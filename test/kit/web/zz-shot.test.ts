import { expect, test } from 'vitest'
import { pagesOfClass } from '../../../src/web/class-pages.ts'
import { call, embedded, failed, join, passed, progress, secret, send, serve } from '../classroom/class.ts'
import { chromium } from 'playwright-core'
import { paths } from '../../../src/classroom/api.ts'
test('shots', async () => {
  const served = await serve(await embedded(), undefined, { addPages: await pagesOfClass() })
  served.hub.setAddresses(['http://192.168.1.20:4321'])
  const names = ['Ada','Grace','Linus','Margaret','Barbara Liskov','Ken','Radia','Donald E. Knuth','Edsger','Frances']
  let k = 0
  for (const name of names) {
    const j = await join(served, name, true); k++
    const ev: any[] = [progress(1,'LESSON_OPENED','01-events')]
    let n = 1
    for (let i=0;i<k*2;i++) ev.push(failed(++n,'01-events','createEvent', i%2?'createEvent reads the clock twice: the timestamp and the id come from different moments.':'createEvent is not written yet.'))
    if (k%3) ev.push(passed(++n,'01-events'), failed(++n,'07-concurrency','appendEvent', k%2 ? 'The check and the append are two commands: both writers saw version 4, and both wrote.' : 'appendEvent throws an Error, not a ConcurrencyError.'))
    if (k===9) ev.push(passed(++n,'07-concurrency'))
    if (k===4) ev.push(progress(++n,'HAND_RAISED','01-events',{text:'I do not see why the id…'}))
    const r = await send(served, j.token, 0, ev); if (r.status!==200) console.log(r.body)
  }
  await call(served, paths.lead, { token: secret, body: { do: 'position', slug: '07-concurrency' } })
  await call(served, paths.lead, { token: secret, body: { do: 'timer', minutes: 12, text: 'write appendEvent' } })
  await call(served, paths.lead, { token: secret, body: { do: 'message', text: 'Draw the two writers first.' } })
  const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  for (const [name, path, w, h, dark] of [['dash','/instructor',1400,1000,false],['dashd','/instructor',1400,1000,true],['wall','/instructor/projector',1400,900,false],['phone','/instructor',360,1200,false],['person','/instructor/participants/'+served.hub.overview().participants[4]!.id,1200,900,false],['front','/',900,500,false]] as const) {
    const c = await b.newContext({ viewport: { width: w, height: h }, colorScheme: dark ? 'dark':'light' })
    const p = await c.newPage(); await p.goto(served.origin+path)
    if (name!=='front') { await p.getByLabel('Secret').fill(secret); await p.getByRole('button',{name:'Open the dashboard'}).click(); await p.waitForTimeout(1500) }
    if (name==='phone') console.log(await p.evaluate("[...document.querySelectorAll('body *')].filter(e=>e.getBoundingClientRect().right>361 && !e.closest('.wide')).map(e=>e.tagName+'.'+e.className+' '+Math.round(e.getBoundingClientRect().right)).join('\\n')"))
    await p.screenshot({ path: `/tmp/shot-${name}.png` })
  }
  await b.close()
  expect(1).toBe(1)
}, 120000)
