"""The gRPC server that Envoy streams secrets from: incremental xDS, for secrets only."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Mapping

from google.protobuf.any_pb2 import Any
from google.protobuf.json_format import ParseDict
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from grpclib.server import Server
from grpclib.server import Stream as Connection

from wicketgate.xds import delta_pb2 as pb
from wicketgate.xds.board import Board
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Resource
from wicketgate.xds.stream import Answer, Stream

_log = logging.getLogger(__name__)

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

_Connection = Connection[pb.DeltaDiscoveryRequest, pb.DeltaDiscoveryResponse]


async def serve_secrets(board: Board, listener: socket.socket) -> None:
    """Serve on a socket that already listens, until cancelled. Whoever reaches it gets every secret."""
    server = Server([_Secrets(board)])
    await server.start(sock=listener)
    try:
        await server.wait_closed()
    finally:
        server.close()


class _Secrets:
    """https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds"""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __mapping__(self) -> Mapping[str, Handler]:
        """What grpclib asks a service for."""
        requests, answers = pb.DeltaDiscoveryRequest, pb.DeltaDiscoveryResponse
        return {_METHOD: Handler(self._serve, Cardinality.STREAM_STREAM, requests, answers)}

    async def _serve(self, connection: _Connection) -> None:
        first = await connection.recv_message()
        if first is None:
            return
        if not first.node.id:
            raise GRPCError(Status.INVALID_ARGUMENT, "the first request names no node")
        stream = self._board.open_stream(first.node.id)
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(connection, stream))
                self._take(stream, first)
                async for request in connection:
                    self._take(stream, request)
                sending.cancel()
        except* StreamTerminatedError:
            _log.debug("the stream of %s has ended", stream.node)
        finally:
            self._board.close_stream(stream)

    def _take(self, stream: Stream, request: pb.DeltaDiscoveryRequest) -> None:
        if request.type_url != Kind.SECRETS.type_url:
            return
        if request.response_nonce:
            answer = self._board.refused if request.HasField("error_detail") else self._board.accepted
            answer(stream, request.response_nonce)
        stream.leave(request.resource_names_unsubscribe)
        stream.ask(request.resource_names_subscribe, held=request.initial_resource_versions)

    async def _send(self, connection: _Connection, stream: Stream) -> None:
        while True:
            await connection.send_message(_response(await self._board.answer(stream)))


def _response(answer: Answer) -> pb.DeltaDiscoveryResponse:
    return pb.DeltaDiscoveryResponse(
        type_url=Kind.SECRETS.type_url, nonce=answer.nonce, resources=[_message(answer.resource)]
    )


def _message(resource: Resource) -> pb.Resource:
    """Return a secret as protobuf. Its fields are checked: one that `delta.proto` lacks is an error of ours."""
    fields = {key: value for key, value in json.loads(resource.body).items() if key != "@type"}
    secret = ParseDict(fields, pb.Secret())
    wrapped = Any(type_url=Kind.SECRETS.type_url, value=secret.SerializeToString())
    return pb.Resource(name=resource.name, version=resource.version, resource=wrapped)
