/// The known content of the registers while a packet is followed through a rule, word by word.
struct ProbeRegisters {
    private let packet: ProbePacket
    private let family: UInt8
    private var words: [Int: [UInt8]] = [:]
    /// The word that says by which interface a packet came.
    private var interface: Int?

    init(_ packet: ProbePacket, family: UInt8) {
        self.packet = packet
        self.family = family
    }

    mutating func forget() {
        words = [:]
        interface = nil
    }

    func isInterface(_ word: Int) -> Bool { interface == word }

    mutating func load(_ field: ForeignExpression.Field, into word: Int) {
        switch field {
        case .family: put([family], at: word)
        case .etherType: put(family == 2 ? [0x08, 0x00] : [0x86, 0xDD], at: word)
        case .transport: put([packet.transport], at: word)
        case .networkHeader(let offset, let count):
            clear(word, 16)
            if let bytes = packet.source?.bytes(at: offset, count) { put(bytes, at: word) }
        case .destinationPort:
            put([UInt8(packet.port >> 8), UInt8(truncatingIfNeeded: packet.port)], at: word)
        case .state:
            let isLittleEndian = UInt16(1).littleEndian == 1
            put(isLittleEndian ? [8, 0, 0, 0] : [0, 0, 0, 8], at: word)
        case .interface:
            clear(word, 16)
            interface = word
        case .other: clear(word, 16)
        }
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
