import Netfilter
import Netlink
import TestSupport
import Testing

/// A message as the kernel would send it.
func message(type: UInt16, sequence: UInt32, flags: UInt16 = 0, payload: [UInt8]) -> [UInt8] {
    UInt32(16 + payload.count).nativeBytes + type.nativeBytes + flags.nativeBytes
        + sequence.nativeBytes + UInt32(0).nativeBytes + payload
        + [UInt8](repeating: 0, count: -payload.count & 3)
}

/// The NLMSG_ERROR about a message: 0 is an acknowledgement.
private func answer(_ sequence: UInt32, _ error: Int32) -> [UInt8] {
    let about = message(type: 0x0A0C, sequence: sequence, payload: [])
    return message(type: 2, sequence: sequence, payload: (-error).nativeBytes + about)
}

@Suite struct `The answers to a batch` {
    @Test func `mean success when the last message was acknowledged and none refused`() {
        var answers = Acknowledgements(last: 9)
        #expect(answers.outcome == .waiting)
        answers.take(answer(9, 0))
        #expect(answers.outcome == .committed)
    }

    @Test func `mean failure when any was refused, though the last is acknowledged`() {
        var answers = Acknowledgements(last: 9)
        answers.take(answer(5, 2) + answer(6, 17))
        answers.take(answer(9, 0))
        #expect(answers.outcome == .refused(sequence: 5, error: 2))
    }

    @Test func `prove nothing when the last is missing`() {
        var answers = Acknowledgements(last: 9)
        answers.take(answer(8, 0))
        #expect(answers.outcome == .waiting)
    }

    @Test func `hold an error that no errno is`() {
        var answers = Acknowledgements(last: 9)
        answers.take(message(type: 2, sequence: 9, payload: Int32.min.nativeBytes))
        #expect(answers.outcome == .refused(sequence: 9, error: .min))
    }

    @Test func `count a failure of the batch itself`() {
        var answers = Acknowledgements(last: 9)
        answers.take(answer(1, 1))
        #expect(answers.outcome == .refused(sequence: 1, error: 1))
    }
}

@Suite struct `A datagram of messages` {
    @Test func `is taken apart within its bounds`() {
        let two =
            message(type: 3, sequence: 1, payload: [1, 2, 3])
            + message(type: 4, sequence: 2, payload: [])
        let all = NetlinkMessage.all(in: two)
        #expect(all.map(\.type) == [3, 4])
        #expect(all.map(\.payload) == [[1, 2, 3], []])
        for cut in 1..<16 {
            #expect(NetlinkMessage.all(in: two.dropLast(cut).map { $0 }).count == 1)
        }
    }

    @Test(arguments: [UInt32(0), 15, 17, .max])
    func `ends where a length is wrong`(length: UInt32) {
        let bytes = length.nativeBytes + [UInt8](repeating: 0, count: 12)
        #expect(NetlinkMessage.all(in: bytes).isEmpty)
    }

    @Test func `of random bytes says something or nothing, and never more than it has`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<200, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // Believable lengths get further in.
            for start in stride(from: 0, to: count - 2, by: 4) where Bool.random(using: &generator)
            {
                bytes[start] = UInt8.random(in: 0...48, using: &generator)
                bytes[start + 1] = 0
            }
            let frame = message(type: 0x0A06, sequence: 1, payload: bytes)
            for message in NetlinkMessage.all(in: frame) + NetlinkMessage.all(in: bytes) {
                #expect(message.bytes.count <= frame.count)
                _ = TableState(reading: message, generation: 0)
                _ = ChainState(reading: message)
                _ = ChainState.rule(reading: message)
                _ = SetState(reading: message)
                _ = ElementState.all(reading: message)
            }
        }
    }
}
