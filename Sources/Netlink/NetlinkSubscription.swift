import CNetfilter
import Glibc
package import SystemPackage

/// What a socket is sent without having asked.
extension NetlinkSocket {
    /// Joins a multicast group of the subsystem.
    func join(_ group: UInt32) throws(Errno) {
        var group = group
        let length = socklen_t(MemoryLayout<UInt32>.size)
        let added = unsafe setsockopt(
            fileDescriptor,
            SOL_NETLINK,
            Int32(NETLINK_ADD_MEMBERSHIP),
            &group,
            length
        )
        guard added == 0 else { throw Errno(rawValue: errno) }
    }

    /// Drops in the kernel what was caused by the socket with this port: it wakes nobody.
    func ignore(_ port: UInt32) throws(Errno) {
        let load = UInt16(BPF_LD | BPF_W | BPF_ABS)
        let jumpIfEqual = UInt16(BPF_JMP | BPF_JEQ | BPF_K)
        let give = UInt16(BPF_RET | BPF_K)
        // A load takes the bytes for network order, and netlink has them in the machine's.
        var program = [
            sock_filter(code: load, jt: 0, jf: 0, k: 12),  // nlmsg_pid
            sock_filter(code: jumpIfEqual, jt: 0, jf: 1, k: port.bigEndian),
            sock_filter(code: give, jt: 0, jf: 0, k: 0),
            sock_filter(code: give, jt: 0, jf: 0, k: .max),
        ]
        let result = unsafe program.withUnsafeMutableBufferPointer { steps in
            var filter = unsafe sock_fprog(len: UInt16(steps.count), filter: steps.baseAddress)
            let length = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
            return unsafe setsockopt(
                fileDescriptor,
                SOL_SOCKET,
                SO_ATTACH_FILTER,
                &filter,
                length
            )
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }
}

/// How strictly requests are read.
extension NetlinkSocket {
    /// Has a dump of routes heed what its header asks for; kernels before 4.20 dump all of them.
    package func checkStrictly() throws(Errno) {
        var isOn: Int32 = 1
        let length = socklen_t(MemoryLayout<Int32>.size)
        let option: Int32 = 12  // NETLINK_GET_STRICT_CHK
        let result = unsafe setsockopt(fileDescriptor, SOL_NETLINK, option, &isOn, length)
        guard result == 0 || errno == ENOPROTOOPT else { throw Errno(rawValue: errno) }
    }
}
