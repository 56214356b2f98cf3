import { mount } from 'svelte'
import App from './app.svelte'
import './app.css'
import { bridge } from './bridge.ts'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element with the id "app"')
mount(App, { target, props: { bridge } })
