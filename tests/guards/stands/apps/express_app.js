'use strict';

// Express with the guard, as a user would write it; tells which header names it sees.

const express = require('express');
const { secretGuard } = require('./index.js');

const app = express();
app.use(secretGuard({ mode: process.env.GUARD_MODE }));
app.use((req, res) => res.json({ names: Object.keys(req.headers), raw: req.rawHeaders.filter((_, at) => at % 2 === 0) }));
app.listen(Number(process.env.PORT), '127.0.0.1');
