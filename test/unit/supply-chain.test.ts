import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(path, 'utf8')
const workflows = readdirSync('.github/workflows').map((name) => join('.github/workflows', name))
const packageJson = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

describe('what is built from', () => {
  it.each(workflows)('%s uses actions by their commit alone, and may write nothing', (path) => {
    const text = read(path)
    const uses = [...text.matchAll(/uses: *(\S+)/g)].map(([, action = '']) => action)
    expect(uses.length).toBeGreaterThan(0)
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m)
    expect(text).not.toMatch(/\$\{\{ *github\.event/)
  })

  it('has every package at one version, with its checksum', () => {
    for (const version of Object.values({ ...packageJson.dependencies, ...packageJson.devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string }>
    }
    for (const [path, { integrity }] of Object.entries(lock.packages))
      if (path !== '') expect(integrity, path).toMatch(/^sha512-/)
  })
})

describe('what is handed out', () => {
  it('comes with a bill of materials by npm’s own command, made where it is packaged', () => {
    expect(packageJson.scripts['sbom']).toMatch(/^npm sbom .*--sbom-format cyclonedx/)
    expect(packageJson.scripts['package']).toContain('npm run -s sbom > out/sbom.cdx.json')
  })

  it('is ready to be signed and to be published with its provenance', () => {
    const builder = read('electron-builder.yml')
    expect(builder).toMatch(/^mac:\s[^#]*hardenedRuntime: true/m)
    const release = read('.github/workflows/release.yml')
    expect(release).toContain('-c.forceCodeSigning=')
    for (const key of ['CSC_LINK', 'CSC_KEY_PASSWORD', 'APPLE_ID'])
      expect(release).toContain(`${key}: \${{ secrets.${key} }}`)
    expect(release).toContain('npm publish --provenance')
    expect(release).toMatch(/id-token: write/)
  })
})
