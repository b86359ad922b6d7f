// The application inside a guarded Node: tells which target and header names it got, and notes that it was asked.
'use strict';

const express = require('express');
const fs = require('node:fs');
const path = require('node:path');
const { serve } = require(path.resolve('wicketgate-guard.js'));

const app = express();
app.use((req, res) => {
  fs.appendFileSync(process.env.SEEN, `${req.path}\n`);
  const names = [...Object.keys(req.headers), ...Object.keys(req.headersDistinct), ...req.rawHeaders];
  res.json({ names, target: req.originalUrl });
});
serve(app);
