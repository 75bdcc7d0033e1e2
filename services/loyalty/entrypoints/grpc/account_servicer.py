"""LoyaltyAccountService."""

# ruff: noqa: N802 - the methods have their RPCs' names

from typing import Any

from aftercare.loyalty.v1 import account_service_pb2 as pb
from aftercare.loyalty.v1 import account_service_pb2_grpc, resources_pb2
from services.chassis.grpc.context import request_context
from services.loyalty.application.ports import Ports
from services.loyalty.application.queries.get_account import get_account
from services.loyalty.application.queries.get_balance import get_balance
from services.loyalty.application.queries.list_ledger_entries import list_ledger_entries
from services.loyalty.application.use_cases.create_account import CreateAccount, create_account
from services.loyalty.entrypoints.grpc import answers

Context = Any  # grpc.aio's; nothing of it is used here


class AccountServicer(account_service_pb2_grpc.LoyaltyAccountServiceServicer):
    """See account_service.proto."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def CreateAccount(self, request: pb.CreateAccountRequest, _: Context) -> resources_pb2.Account:
        """Opens an account."""
        command = CreateAccount(
            request_context(request), request.program_id, request.customer_id, request.account_id
        )
        return answers.account((await create_account(self._ports, command)).value)

    async def GetAccount(self, request: pb.GetAccountRequest, _: Context) -> resources_pb2.Account:
        """Reads an account."""
        return answers.account(await get_account(self._ports, request.ctx.tenant_id, request.account_id))

    async def GetBalance(self, request: pb.GetBalanceRequest, _: Context) -> resources_pb2.Balance:
        """Reads the balance by the clock."""
        return answers.balance(await get_balance(self._ports, request.ctx.tenant_id, request.account_id))

    async def ListLedgerEntries(
        self, request: pb.ListLedgerEntriesRequest, _: Context
    ) -> pb.ListLedgerEntriesResponse:
        """Lists entries, newest first."""
        page = await list_ledger_entries(
            self._ports, request.ctx.tenant_id, request.account_id, request.page_size, request.page_token
        )
        return pb.ListLedgerEntriesResponse(
            entries=answers.entries(page.items), next_page_token=page.next_page_token
        )
