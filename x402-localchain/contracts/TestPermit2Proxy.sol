// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {TestPermit2} from "./TestPermit2.sol";

/// What the proxies of exact and upto have in common. They are the spender of a Permit2 authorization and hand the
/// money to the recipient that the payer signed, whoever calls them. They have no constructor.
abstract contract TestPermit2Proxy {
    /// An EIP-2612 permit for Permit2, without what the payment says already.
    struct EIP2612Permit {
        uint256 value;
        uint256 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    TestPermit2 public constant PERMIT2 = TestPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    bool private _entered;

    event Settled();
    event SettledWithPermit();
    event EIP2612PermitFailedWithReason(address indexed token, address indexed owner, string reason);
    event EIP2612PermitFailedWithPanic(address indexed token, address indexed owner, uint256 errorCode);
    event EIP2612PermitFailedWithData(address indexed token, address indexed owner, bytes data);

    error InvalidPermit2Address();
    error InvalidAmount();
    error InvalidOwner();
    error InvalidDestination();
    error PaymentTooEarly();
    error Permit2612AmountMismatch();
    error ReentrancyGuardReentrantCall();

    modifier nonReentrant() {
        if (_entered) revert ReentrancyGuardReentrantCall();
        _entered = true;
        _;
        _entered = false;
    }

    /// The arguments that settle and settleWithPermit share, without the witness, which differs.
    struct Payment {
        uint256 amount;
        address owner;
        address to;
        uint256 validAfter;
        bytes32 witnessHash;
    }

    function _settle(
        TestPermit2.PermitTransferFrom calldata permit,
        Payment memory payment,
        string memory witnessType,
        bytes calldata signature
    ) internal {
        if (payment.amount == 0) revert InvalidAmount();
        if (payment.owner == address(0)) revert InvalidOwner();
        if (payment.to == address(0)) revert InvalidDestination();
        if (block.timestamp < payment.validAfter) revert PaymentTooEarly();
        PERMIT2.permitWitnessTransferFrom(
            permit,
            TestPermit2.SignatureTransferDetails(payment.to, payment.amount),
            payment.owner,
            payment.witnessHash,
            witnessType,
            signature
        );
    }

    /// Gives Permit2 its allowance. A refused permit is no failure: the allowance may be there already.
    function _permit(TestPermit2.TokenPermissions calldata permitted, address owner, EIP2612Permit calldata permit)
        internal
    {
        if (permit.value != permitted.amount) revert Permit2612AmountMismatch();
        address token = permitted.token;
        try IEip2612(token).permit(
            owner, address(PERMIT2), permit.value, permit.deadline, permit.v, permit.r, permit.s
        ) {} catch Error(string memory reason) {
            emit EIP2612PermitFailedWithReason(token, owner, reason);
        } catch Panic(uint256 errorCode) {
            emit EIP2612PermitFailedWithPanic(token, owner, errorCode);
        } catch (bytes memory data) {
            emit EIP2612PermitFailedWithData(token, owner, data);
        }
    }
}

interface IEip2612 {
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;
}
