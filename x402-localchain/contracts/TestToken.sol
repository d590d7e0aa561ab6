// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// An ERC-20 token for tests, with EIP-2612 or without it, that can behave as the difficult ones do. It guards nothing:
/// anyone may mint, block and make it misbehave.
contract TestToken {
    /// How transfers and approvals behave. The order is that of TestToken.Behaviour in Java.
    enum Behaviour {
        HONEST,
        RETURNS_FALSE,
        RETURNS_NOTHING,
        FEE_ON_TRANSFER,
        LOSES_A_UNIT,
        PAUSED
    }

    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    address private constant FEES = address(0xfee);

    string public name;
    string public symbol;
    uint8 public immutable decimals;
    bool private immutable _takesPermits;

    Behaviour public behaviour;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => bool) public blocked;
    mapping(address => uint256) private _nonces;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// A token without EIP-2612 answers its functions as if it had none of them.
    modifier withPermits() {
        if (!_takesPermits) {
            assembly {
                revert(0, 0)
            }
        }
        _;
    }

    /// USDT returns nothing where the standard says that it returns true.
    modifier answering() {
        _;
        if (behaviour == Behaviour.RETURNS_NOTHING) {
            assembly {
                return(0, 0)
            }
        }
    }

    constructor(string memory name_, string memory symbol_, uint8 decimals_, bool takesPermits) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        _takesPermits = takesPermits;
    }

    // ---- for tests only

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function misbehave(Behaviour behaviour_) external {
        behaviour = behaviour_;
    }

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    // ---- ERC-20

    function transfer(address to, uint256 value) external answering returns (bool) {
        return _transfer(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external answering returns (bool) {
        if (behaviour == Behaviour.RETURNS_FALSE) return false;
        require(allowance[from][msg.sender] >= value, "ERC20: transfer amount exceeds allowance");
        if (allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= value;
        return _transfer(from, to, value);
    }

    function approve(address spender, uint256 value) external answering returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    // ---- EIP-2612

    function version() external view withPermits returns (string memory) {
        return "1";
    }

    function nonces(address owner) external view withPermits returns (uint256) {
        return _nonces[owner];
    }

    function DOMAIN_SEPARATOR() public view withPermits returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(name)), keccak256("1"), block.chainid, address(this))
        );
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        withPermits
    {
        require(block.timestamp <= deadline, "ERC20Permit: expired deadline");
        bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _nonces[owner]++, deadline));
        address signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash)), v, r, s);
        require(signer != address(0) && signer == owner, "ERC20Permit: invalid signature");
        _approve(owner, spender, value);
    }

    // ---- how

    function _transfer(address from, address to, uint256 value) private returns (bool) {
        if (behaviour == Behaviour.RETURNS_FALSE) return false;
        require(behaviour != Behaviour.PAUSED, "Pausable: paused");
        require(!blocked[from] && !blocked[to], "Blocked: account is blocked");
        require(to != address(0), "ERC20: transfer to the zero address");
        require(balanceOf[from] >= value, "ERC20: transfer amount exceeds balance");
        balanceOf[from] -= value;
        if (behaviour == Behaviour.LOSES_A_UNIT && value > 0) {
            balanceOf[to] += value - 1;
            emit Transfer(from, to, value);
            return true;
        }
        uint256 fee = behaviour == Behaviour.FEE_ON_TRANSFER ? (value + 99) / 100 : 0;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        if (fee > 0) {
            balanceOf[FEES] += fee;
            emit Transfer(from, FEES, fee);
        }
        return true;
    }

    function _approve(address owner, address spender, uint256 value) private {
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }
}
