'use strict';

// An Express application with the signature guard: options from the first argument, its port on the first line.

const express = require('express');
const { signatureGuard } = require('./index.js');

const app = express();
app.use(signatureGuard(JSON.parse(process.argv[2])));
app.use(express.json(), express.raw({ type: () => true, limit: '1mb' }));
app.use((req, res) => res.status(200).send(req.body ?? ''));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
