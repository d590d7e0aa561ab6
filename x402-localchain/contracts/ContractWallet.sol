// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// A wallet that is a contract and approves signatures through EIP-1271. A signature is the owner's 65 bytes, and
/// whatever follows them is ignored, so that tests can send signatures of any greater length.
contract ContractWallet {
    /// How isValidSignature behaves. The order is that of WalletBehaviour in Java.
    enum Behaviour {
        HONEST,
        APPROVES_ANYTHING,
        REVERTS,
        BURNS_ALL_GAS,
        RETURNS_NOTHING
    }

    address public immutable owner;
    Behaviour public immutable behaviour;

    constructor(address owner_, Behaviour behaviour_) {
        owner = owner_;
        behaviour = behaviour_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (behaviour == Behaviour.APPROVES_ANYTHING) return 0x1626ba7e;
        if (behaviour == Behaviour.REVERTS) revert("ContractWallet: refused");
        if (behaviour == Behaviour.RETURNS_NOTHING) {
            assembly {
                return(0, 0)
            }
        }
        if (behaviour == Behaviour.BURNS_ALL_GAS) {
            uint256 burnt = 0;
            while (true) burnt++;
        }
        if (signature.length < 65) return 0xffffffff;
        address signer = ecrecover(
            digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64])
        );
        return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}
