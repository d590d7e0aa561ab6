// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {TestPermit2} from "./TestPermit2.sol";
import {TestPermit2Proxy} from "./TestPermit2Proxy.sol";

/// Settles a payment of the scheme upto: any amount up to the permitted one, and only for the facilitator that the
/// payer signed.
contract TestUptoProxy is TestPermit2Proxy {
    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";
    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");

    error AmountExceedsPermitted();
    error UnauthorizedFacilitator();

    function settle(
        TestPermit2.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _check(permit, amount, witness);
        _settle(permit, _payment(amount, owner, witness), WITNESS_TYPE_STRING, signature);
        emit Settled();
    }

    function settleWithPermit(
        EIP2612Permit calldata permit2612,
        TestPermit2.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _check(permit, amount, witness);
        _permit(permit.permitted, owner, permit2612);
        _settle(permit, _payment(amount, owner, witness), WITNESS_TYPE_STRING, signature);
        emit SettledWithPermit();
    }

    function _check(TestPermit2.PermitTransferFrom calldata permit, uint256 amount, Witness calldata witness)
        private
        view
    {
        if (amount > permit.permitted.amount) revert AmountExceedsPermitted();
        if (msg.sender != witness.facilitator) revert UnauthorizedFacilitator();
    }

    function _payment(uint256 amount, address owner, Witness calldata witness)
        private
        pure
        returns (Payment memory)
    {
        bytes32 witnessHash =
            keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter));
        return Payment(amount, owner, witness.to, witness.validAfter, witnessHash);
    }
}
