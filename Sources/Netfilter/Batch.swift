import CNetfilter
import Glibc

/// One transaction of nf_tables: everything in it happens, or nothing.
///
/// All of it concerns one table of family inet.
package struct Batch: ~Copyable {
    private(set) var messages = MessageBuffer()
    private(set) var sequence: UInt32 = 1
    let table: String
    private var setNumber: UInt32 = 0
    private var lastMessage = 0
    private(set) var isEmpty = true

    package init(table: String) {
        self.table = table
    }

    /// All messages, from BATCH_BEGIN on.
    package var bytes: [UInt8] { messages.bytes }

    /// Starts over, with the room that an earlier batch needed.
    ///
    /// `generation` is what the ruleset must still be when this is committed (nfnetlink.h,
    /// NFNL_BATCH_GENID); the kernel answers ERESTART if it is not. `nil` asks for nothing.
    package mutating func begin(sequence: UInt32, generation: UInt32? = nil) {
        messages.clear()
        self.sequence = sequence
        setNumber = 0
        unsafe write { buffer, sequence in
            let header = unsafe nftnl_batch_begin(buffer, sequence)
            if let generation, let header = unsafe header {
                unsafe mnl_attr_put_u32(
                    header,
                    UInt16(NFNL_BATCH_GENID.rawValue),
                    generation.bigEndian
                )
            }
            return unsafe header
        }
        isEmpty = true
    }

    /// Ends the batch; the last message before the end asks for the acknowledgement.
    ///
    /// Returns the sequence of that message.
    package mutating func seal() -> UInt32 {
        let last = sequence - 1
        messages.raise(UInt16(truncatingIfNeeded: NLM_F_ACK), at: lastMessage)
        unsafe write { buffer, sequence in unsafe nftnl_batch_end(buffer, sequence) }
        return last
    }

    @unsafe private mutating func write(
        _ build: (UnsafeMutablePointer<CChar>, UInt32) -> UnsafeMutablePointer<nlmsghdr>?
    ) {
        lastMessage = messages.count
        let sequence = sequence
        unsafe messages.append { unsafe build($0, sequence)?.pointee.nlmsg_len ?? 0 }
        self.sequence &+= 1
        isEmpty = false
    }

    @unsafe private mutating func write(
        _ type: UInt16,
        flags: Int32,
        payload: (UnsafeMutablePointer<nlmsghdr>) -> Void
    ) {
        unsafe write { buffer, sequence in
            let header = unsafe nftnl_nlmsg_build_hdr(
                buffer,
                type,
                UInt16(NFPROTO_INET),
                UInt16(flags),
                sequence
            )
            if let header = unsafe header { unsafe payload(header) }
            return unsafe header
        }
    }

    // MARK: tables and chains

    /// Makes the table, or opens one that is there; `flags` of `nil` leaves its flags alone.
    package mutating func addTable(flags: UInt32?) {
        write(table: flags, NLM_F_CREATE)
    }

    /// Takes over a table that is there and has no owner: its content stays.
    package mutating func adoptTable(flags: UInt32) {
        write(table: flags, 0)
    }

    private mutating func write(table flags: UInt32?, _ messageFlags: Int32) {
        let handle = TableHandle(table)
        if let flags { handle.set(NFTNL_TABLE_FLAGS, flags) }
        unsafe write(UInt16(NFT_MSG_NEWTABLE.rawValue), flags: messageFlags) { header in
            unsafe handle.build(header)
        }
    }

    /// Makes the table; one that is there fails the batch, with EEXIST.
    package mutating func createTable(flags: UInt32) {
        let handle = TableHandle(table)
        handle.set(NFTNL_TABLE_FLAGS, flags)
        unsafe write(UInt16(NFT_MSG_NEWTABLE.rawValue), flags: NLM_F_CREATE | NLM_F_EXCL) {
            header in
            unsafe handle.build(header)
        }
    }

    package mutating func deleteTable() {
        let handle = TableHandle(table)
        unsafe write(UInt16(NFT_MSG_DELTABLE.rawValue), flags: 0) { header in
            unsafe handle.build(header)
        }
    }

    package mutating func addChain(_ name: String, hook: Hook? = nil) {
        let handle = ChainHandle(table: table, name: name, hook: hook)
        unsafe write(UInt16(NFT_MSG_NEWCHAIN.rawValue), flags: NLM_F_CREATE) { header in
            unsafe handle.build(header)
        }
    }

    /// Deletes a chain that has no rules and that none jumps to.
    package mutating func delete(chain name: String) {
        let handle = ChainHandle(table: table, name: name, hook: nil)
        unsafe write(UInt16(NFT_MSG_DELCHAIN.rawValue), flags: 0) { header in
            unsafe handle.build(header)
        }
    }

    // MARK: rules

    /// Removes every rule of a chain.
    package mutating func flush(chain: String) {
        let handle = RuleHandle(table: table, chain: chain)
        unsafe write(UInt16(NFT_MSG_DELRULE.rawValue), flags: 0) { header in
            unsafe handle.build(header)
        }
    }

    /// Adds a rule behind those that a chain has.
    package mutating func addRule(to chain: String, _ expressions: [Expression]) {
        let handle = RuleHandle(table: table, chain: chain)
        for expression in expressions { handle.append(expression.handle()) }
        unsafe write(UInt16(NFT_MSG_NEWRULE.rawValue), flags: NLM_F_CREATE | NLM_F_APPEND) {
            header in
            unsafe handle.build(header)
        }
    }

    // MARK: sets

    package mutating func addSet(_ definition: SetDefinition) {
        setNumber += 1
        let handle = SetHandle(table: table, definition: definition, number: setNumber)
        unsafe write(UInt16(NFT_MSG_NEWSET.rawValue), flags: NLM_F_CREATE) { header in
            unsafe handle.build(header)
        }
    }

    package mutating func deleteSet(_ name: String) {
        let handle = SetHandle(table: table, name: name)
        unsafe write(UInt16(NFT_MSG_DELSET.rawValue), flags: 0) { header in
            unsafe handle.build(header)
        }
    }

    /// Adds elements; one that is there gets the new timeout where the kernel honours it (6.12).
    package mutating func addElements(_ elements: [SetElement], to set: String) {
        write(elements, of: set, UInt16(NFT_MSG_NEWSETELEM.rawValue), flags: NLM_F_CREATE)
    }

    /// Removes elements; a missing one fails the whole batch.
    package mutating func deleteElements(_ elements: [SetElement], of set: String) {
        write(
            elements,
            of: set,
            UInt16(NFT_MSG_DELSETELEM.rawValue),
            flags: 0
        )
    }

    /// Removes elements; one that is missing is no error (Linux 6.3).
    package mutating func destroyElements(_ elements: [SetElement], of set: String) {
        write(elements, of: set, jitgate_message_destroy_element, flags: 0)
    }

    /// The list of elements is a nest of at most 64 KiB: an element of ours takes 92 bytes at most.
    private static let elementsAMessage = 600

    private mutating func write(
        _ elements: [SetElement],
        of set: String,
        _ type: UInt16,
        flags: Int32
    ) {
        for start in stride(from: 0, to: elements.count, by: Self.elementsAMessage) {
            let handle = SetHandle(table: table, name: set)
            for element in elements[start...].prefix(Self.elementsAMessage) { handle.add(element) }
            unsafe write(type, flags: flags) { header in unsafe handle.buildElements(header) }
        }
    }
}
