// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {TestPermit2} from "./TestPermit2.sol";
import {TestPermit2Proxy} from "./TestPermit2Proxy.sol";

/// Settles a payment of the scheme exact by Permit2: the whole permitted amount, for anyone who calls.
contract TestExactProxy is TestPermit2Proxy {
    struct Witness {
        address to;
        uint256 validAfter;
    }

    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)";
    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,uint256 validAfter)");

    function settle(
        TestPermit2.PermitTransferFrom calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _settle(permit, _payment(permit, owner, witness), WITNESS_TYPE_STRING, signature);
        emit Settled();
    }

    function settleWithPermit(
        EIP2612Permit calldata permit2612,
        TestPermit2.PermitTransferFrom calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _permit(permit.permitted, owner, permit2612);
        _settle(permit, _payment(permit, owner, witness), WITNESS_TYPE_STRING, signature);
        emit SettledWithPermit();
    }

    function _payment(TestPermit2.PermitTransferFrom calldata permit, address owner, Witness calldata witness)
        private
        pure
        returns (Payment memory)
    {
        bytes32 witnessHash = keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.validAfter));
        return Payment(permit.permitted.amount, owner, witness.to, witness.validAfter, witnessHash);
    }
}
