import { expect, test } from './fixtures.ts'

test('the page reaches the API, and its address stays good for a reload', async ({ page }) => {
  await expect(page.getByRole('navigation')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('navigation')).toBeVisible()
})

test('the page has no bridge of the desktop', async ({ page }) => {
  expect(await page.evaluate(() => 'chattermark' in window)).toBe(false)
})

test('the content security policy bans eval and inline scripts', async ({ page, expectedErrors }) => {
  expectedErrors.push(/Content Security Policy/)
  // Evaluated code may use eval itself, so the attempt is made from a timer of the page.
  const evaluated = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => {
          try {
            resolve(String(window.eval('1') as unknown))
          } catch (error) {
            resolve((error as Error).name)
          }
        })
      })
  )
  expect(evaluated).toBe('EvalError')
  const injected = await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.injected = true'
    document.body.append(script)
    return 'injected' in window
  })
  expect(injected).toBe(false)
})

test('a page of another program on this machine cannot open the socket', async ({ page }) => {
  const socketUrl = new URL('/socket', page.url())
  socketUrl.protocol = 'ws:'
  socketUrl.search = new URL(page.url()).search
  const foreign = await page.context().browser()?.newPage()
  const outcome = await foreign?.evaluate(
    (url) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url)
        socket.onopen = () => resolve('opened')
        socket.onerror = () => resolve('refused')
      }),
    socketUrl.href
  )
  await foreign?.close()
  expect(outcome).toBe('refused')
})
