/// The known content of the registers while a packet is followed through a rule, word by word.
struct ProbeRegisters {
    static let synFlag: UInt8 = 2
    private static let localType: UInt32 = 2  // RTN_LOCAL

    private let packet: ProbePacket
    private let family: UInt8
    private var words: [Int: [UInt8]] = [:]
    /// The words that are known in part: the interface, and both ports.
    private var partial: [Int: ForeignExpression.Field] = [:]

    init(_ packet: ProbePacket, family: UInt8) {
        self.packet = packet
        self.family = family
    }

    mutating func forget() {
        words = [:]
        partial = [:]
    }

    func isInterface(_ word: Int) -> Bool { partial[word] == .interface }
    func arePorts(_ word: Int) -> Bool { partial[word] == .ports }

    mutating func load(_ field: ForeignExpression.Field, into word: Int) {
        partial[word] = nil
        switch field {
        case .family: put([family], at: word)
        case .etherType: put(family == 2 ? [0x08, 0x00] : [0x86, 0xDD], at: word)
        case .transport: put([packet.transport], at: word)
        case .networkHeader(let offset, let count):
            clear(word, 16)
            if let bytes = packet.source?.bytes(at: offset, count) { put(bytes, at: word) }
        case .destinationPort:
            put([UInt8(packet.port >> 8), UInt8(truncatingIfNeeded: packet.port)], at: word)
        case .tcpFlags:
            clear(word, 4)
            if packet.transport == 6 { put([Self.synFlag], at: word) }
        case .state: put(number: 8, at: word)
        case .status:
            clear(word, 4)
            if !packet.mayBeRewritten { put(number: 0, at: word) }
        case .destinationType: put(number: Self.localType, at: word)
        case .interface, .ports:
            clear(word, 16)
            partial[word] = field
        case .other: clear(word, 16)
        }
    }

    /// A number of the kernel's byte order.
    private mutating func put(number: UInt32, at word: Int) {
        let bytes = stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
        put(UInt16(1).littleEndian == 1 ? bytes : bytes.reversed(), at: word)
    }

    mutating func put(_ bytes: [UInt8], at word: Int) {
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let part = Array(bytes[start..<min(start + 4, bytes.count)])
            words[word + start / 4] = part + [UInt8](repeating: 0, count: 4 - part.count)
        }
    }

    mutating func clear(_ word: Int, _ count: Int) {
        for place in word..<(word + (count + 3) / 4) { words[place] = nil }
    }

    func bytes(at word: Int, _ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        for place in word..<(word + (count + 3) / 4) {
            guard let part = words[place] else { return nil }
            bytes += part
        }
        return Array(bytes.prefix(count))
    }
}
