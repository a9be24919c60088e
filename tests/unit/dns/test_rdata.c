#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rdata.h"
#include "dns/rr.h"
#include "dns/rrtype.h"

#define HOST "04686F7374076578616D706C6503636F6D00"  /* host.example.com. */
#define FOO "03666F6F076578616D706C6503636F6D00"     /* foo.example.com. */
#define FOO_ORG "03666F6F076578616D706C65036F726700" /* foo.example.org. */

/* Text that is read and the octets it makes. canonical: what is printed, NULL if the same as text. */
static const struct vector {
    uint16_t type;
    const char *text, *wire, *canonical, *why;
} vectors[] = {
    {TYPE_A, "192.0.2.1", "C0000201", NULL, "RFC 1035 3.4.1"},
    {TYPE_A, "\\# 4 0A000001", "0A000001", "10.0.0.1", "RFC 3597 5: the example"},
    {TYPE_NS, "VENERA.ISI.EDU.", "0656454E455241034953490345445500", NULL, "letter case is kept"},
    {TYPE_CNAME, "a\\.b.c\\\"d.", "03612E620363226400", NULL, "RFC 1035 5.1: escapes in labels"},
    {TYPE_CNAME, "rel", "0372656C076578616D706C6500", "rel.example.", "relative to the origin"},
    {TYPE_CNAME, "@", "076578616D706C6500", "example.", "the origin itself"},
    {TYPE_SOA, "venera. action\\.domains. ( 20 ; serial\n 7200 ; refresh\n 600 1w 1m)",
        "0676656E657261000E616374696F6E2E646F6D61696E730000000014"
        "00001C2000000258"
        "00093A800000003C",
        "venera. action\\.domains. 20 7200 600 604800 60", "RFC 1035 5.3, units of time, comments"},
    {TYPE_PTR, "host.example.com.", HOST, NULL, "RFC 1035 3.3.12"},
    {TYPE_HINFO, "PC-Intel \"Linux 6\"", "0850432D496E74656C074C696E75782036", "\"PC-Intel\" \"Linux 6\"",
        "quotes are optional"},
    {TYPE_MX, "10 host.example.com.", "000A" HOST, NULL, "RFC 1035 3.3.9"},
    {TYPE_TXT, "\"a b\" c\\\"d \"\\000\\255;\" \"\"", "03612062036322640300FF3B00",
        "\"a b\" \"c\\\"d\" \"\\000\\255;\" \"\"", "RFC 1035 5.1: quotes, \\DDD, ; in quotes, empty string"},
    {TYPE_TXT, "a;b", "0161", "\"a\"", "an unquoted ; starts a comment"},
    {TYPE_AAAA, "2001:0DB8::0:1", "20010DB8000000000000000000000001", "2001:db8::1", "RFC 5952 form"},
    {TYPE_LOC, "42 21 54 N 71 06 18 W -24m 30m", "0033161389172DD070BE15F000988D20",
        "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m", "RFC 1876 4: the example of cambridge-net"},
    {TYPE_LOC, "52 N 105 W 0", "001216138B28720069782D8000989680",
        "52 0 0.000 N 105 0 0.000 W 0.00m 1m 10000m 10m", "RFC 1876 3: defaults"},
    {TYPE_LOC, "\\# 3 010203", "010203", NULL, "RFC 1876 2: no assumption about other versions"},
    {TYPE_SRV, "0 1 9 old-slow-box.example.com.",
        "000000010009"
        "0C6F6C642D736C6F772D626F78076578616D706C6503636F6D00",
        NULL, "RFC 2782"},
    {TYPE_NAPTR, "100 50 \"a\" \"z3950+N2L+N2C\" \"\" cidserver.example.com.",
        "0064003201610D7A333935302B4E324C2B4E324300"
        "09636964736572766572076578616D706C6503636F6D00",
        NULL, "RFC 3403 6.2"},
    {TYPE_DNAME, "frobozz-division.acme.example.",
        "1066726F626F7A7A2D6469766973696F6E0461636D65076578616D706C6500", NULL, "RFC 6672"},
    {TYPE_DS, "60485 5 1 ( 2BB183AF5F22588179A53B0A\n 98631FAD1A292118 )",
        "EC4505012BB183AF5F22588179A53B0A98631FAD1A292118",
        "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", "RFC 4034 5.4"},
    {TYPE_DS, "1 ECDSAP256SHA256 2 00", "00010D0200", "1 13 2 00", "RFC 4034 A.1: mnemonics of algorithms"},
    {TYPE_SSHFP, "2 1 123456789abcdef67890123456789abcdef67890",
        "0201123456789ABCDEF67890123456789ABCDEF67890", "2 1 123456789ABCDEF67890123456789ABCDEF67890",
        "RFC 4255 3.2"},
    {TYPE_RRSIG, "A 5 3 86400 20030322173103 ( 20030220173103 2642 example.com. oJB1W6WN Gv+ldvQ3 )",
        "00010503000151803E7C9DD73E5510D70A52076578616D706C6503636F6D00A090755BA58D1AFFA576F437",
        "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3",
        "RFC 4034 3.3, signature cut"},
    {TYPE_RRSIG, "TYPE65280 ED25519 0 1h 4294967295 0 1 . AA==", "FF000F0000000E10FFFFFFFF0000000000010000",
        "TYPE65280 15 0 3600 21060207062815 19700101000000 1 . AA==", "RFC 4034 3.2: times in seconds"},
    {TYPE_NSEC, "host.example.com. ( A MX RRSIG NSEC TYPE1234 )",
        HOST "0006400100000003"
             "041B000000000000000000000000000000000000000000000000000020",
        "host.example.com. A MX RRSIG NSEC TYPE1234", "RFC 4034 4.3"},
    {TYPE_NSEC, ". TYPE0 TYPE65535",
        "000001"
        "80FF20"
        "0000000000000000000000000000000000000000000000000000000000000001",
        NULL, "first and last bit"},
    {TYPE_DNSKEY, "256 3 RSASHA256 ( AQPS Kmyn )",
        "0100030801"
        "03D22A6CA7",
        "256 3 8 AQPSKmyn", "RFC 4034 2.3, key cut"},
    {TYPE_NSEC3, "1 1 12 aabbccdd ( 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG )",
        "0101000C04AABBCCDD1417F3DF17B2B2ADAEF615257DE4D2020B80AC6C7C"
        "0006400000000002",
        "1 1 12 AABBCCDD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A RRSIG", "RFC 5155 appendix A"},
    {TYPE_NSEC3, "1 0 0 - 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S",
        "01000000001417F3DF17B2B2ADAEF615257DE4D2020B80AC6C7C", NULL,
        "RFC 5155 7.1: an empty non-terminal has no types"},
    {TYPE_NSEC3PARAM, "1 0 12 aabbccdd", "0100000C04AABBCCDD", "1 0 12 AABBCCDD", "RFC 5155 appendix A"},
    {TYPE_NSEC3PARAM, "1 0 0 -", "0100000000", NULL, "no salt"},
    {TYPE_TLSA, "0 0 1 ( d2abde240d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971 )",
        "000001D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971",
        "0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971", "RFC 6698 2.3"},
    {TYPE_CDS, "0 0 0 00", "0000000000", NULL, "RFC 8078 4: delete"},
    {TYPE_CDNSKEY, "0 3 0 AA==", "0000030000", NULL, "RFC 8078 4: delete"},
    {TYPE_ZONEMD,
        "2018031500 1 1 "
        "FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD647DE",
        "7848B78C0101FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C"
        "6BD647DE",
        NULL, "RFC 8976 2.3"},
    {TYPE_SVCB, "0 foo.example.com.", "0000" FOO, NULL, "RFC 9460 D.1: AliasMode"},
    {TYPE_SVCB, "1 .", "000100", NULL, "RFC 9460 D.2 figure 3"},
    {TYPE_SVCB, "16 foo.example.com. port=53", "0010" FOO "000300020035", NULL, "RFC 9460 D.2 figure 4"},
    {TYPE_SVCB, "1 foo.example.com. key667=hello", "0001" FOO "029B000568656C6C6F",
        "1 foo.example.com. key667=\"hello\"", "RFC 9460 D.2 figure 5"},
    {TYPE_SVCB, "1 foo.example.com. key667=\"hello\\210qoo\"", "0001" FOO "029B000968656C6C6FD2716F6F", NULL,
        "RFC 9460 D.2 figure 6"},
    {TYPE_SVCB, "1 foo.example.com. ( ipv6hint=\"2001:db8::1,2001:db8::53:1\" )",
        "0001" FOO "0006002020010DB800000000000000000000000120010DB8000000000000000000530001",
        "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1", "RFC 9460 D.2 figure 7"},
    {TYPE_SVCB, "16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 )",
        "0010" FOO_ORG "0000000400010004000100090268320568332D313900040004C0000201",
        "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1",
        "RFC 9460 D.2 figure 9: keys are sorted"},
    {TYPE_SVCB, "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
        "0010" FOO_ORG "0001000C08665C6F6F2C626172026832", NULL,
        "RFC 9460 D.2 figure 10: comma and backslash in an item"},
    {TYPE_SVCB, "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
        "0010" FOO_ORG "0001000C08665C6F6F2C626172026832",
        "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "RFC 9460 D.2 figure 10, unquoted"},
    {TYPE_SVCB, "1 . key3=\\000\\053",
        "00010000"
        "0300020035",
        "1 . port=53", "RFC 9460 2.1: octets of a known key"},
    {TYPE_HTTPS, "1 . ohttp dohpath=/q{?dns} ech=AEX+DQ== no-default-alpn alpn=h3",
        "000100"
        "00010003026833"
        "00020000"
        "000500040045FE0D"
        "000700082F717B3F646E737D"
        "00080000",
        "1 . alpn=\"h3\" no-default-alpn ech=AEX+DQ== dohpath=\"/q{?dns}\" ohttp",
        "RFC 9460 7, RFC 9461 5, RFC 9540 4"},
    {TYPE_HTTPS, "\\# 7 00010000020000", "00010000020000", NULL,
        "not self-consistent (RFC 9460 7.1.1): printed so that it can be read back"},
    {TYPE_SPF, "\"v=spf1 +all\"", "0B763D73706631202B616C6C", NULL, "RFC 7208 14.1"},
    {TYPE_URI, "10 1 \"ftp://ftp1.example.com/public\"",
        "000A00016674703A2F2F667470312E6578616D706C652E636F6D2F7075626C6963", NULL, "RFC 7553 4.6"},
    {TYPE_CAA, "0 issue \"ca.example.net; account=230123\"",
        "0005697373756563612E6578616D706C652E6E65743B206163636F756E743D323330313233", NULL, "RFC 8659 4.2"},
    {TYPE_CAA, "128 tbs \"\"", "8003746273", NULL, "empty value, critical"},
    {TYPE_OPT, "\\# 4 00030000", "00030000", NULL, "opaque here: dns/edns.c reads options"},
    {65280, "\\# 0", "", NULL, "RFC 3597 5: nothing"},
    {65280, "\\# 3 ( 01 02\n 03 )", "010203", "\\# 3 010203", "RFC 3597 5: hexadecimal in pieces"},
};
#define VECTOR_COUNT (sizeof vectors / sizeof vectors[0])

/* Text that is refused. */
static const struct bad_text {
    uint16_t type;
    const char *text;
    enum err err;
    const char *why;
} bad_texts[] = {
    {TYPE_A, "", ERR_FORMAT, "nothing"},
    {TYPE_A, "1.2.3", ERR_FORMAT, "three numbers"},
    {TYPE_A, "::1", ERR_FORMAT, "the other family"},
    {TYPE_A, "1.2.3.4 5", ERR_FORMAT, "too much"},
    {TYPE_A, "1.2.3.4\n5.6.7.8", ERR_FORMAT, "two entries"},
    {TYPE_A, "( 1.2.3.4", ERR_FORMAT, "open parenthesis"},
    {TYPE_A, "1.2.3.4 )", ERR_FORMAT, "closing parenthesis without an open one"},
    {TYPE_A, "\\# 3 010203", ERR_FORMAT, "RFC 3597 5: a known type must fit its layout"},
    {TYPE_A, "\\# 4 010203", ERR_FORMAT, "length and octets differ"},
    {TYPE_A, "\\# 65536 00", ERR_RANGE, "more than RDLENGTH can say"},
    {TYPE_NS, "a..b.", ERR_FORMAT, "empty label"},
    {TYPE_NS, "\"a.\"", ERR_FORMAT, "a name has no quotes"},
    {TYPE_MX, "65536 a.", ERR_RANGE, "16 bits"},
    {TYPE_MX, "-1 a.", ERR_FORMAT, "sign"},
    {TYPE_SOA, "a. b. 1 2 3 4", ERR_FORMAT, "a number is missing"},
    {TYPE_SOA, "a. b. 1h 2 3 4 5", ERR_FORMAT, "a serial has no unit"},
    {TYPE_SOA, "a. b. 1 2x 3 4 5", ERR_FORMAT, "unknown unit"},
    {TYPE_SOA, "a. b. 1 99999w 3 4 5", ERR_RANGE, "32 bits"},
    {TYPE_TXT, "", ERR_FORMAT, "at least one string"},
    {TYPE_TXT, "\"a", ERR_FORMAT, "open quote"},
    {TYPE_TXT, "\"a\nb\"", ERR_FORMAT, "line end in quotes"},
    {TYPE_TXT, "a\\", ERR_FORMAT, "escape at the end"},
    {TYPE_TXT, "\\256", ERR_FORMAT, "no octet"},
    {TYPE_TXT, "\\25", ERR_FORMAT, "two digits"},
    {TYPE_TXT, "a\"b\"", ERR_FORMAT, "quote inside"},
    {TYPE_HINFO, "one", ERR_FORMAT, "two strings"},
    {TYPE_LOC, "91 N 0 E 0", ERR_RANGE, "latitude"},
    {TYPE_LOC, "90 0 0.001 N 0 E 0", ERR_RANGE, "beyond the pole"},
    {TYPE_LOC, "1 60 N 0 E 0", ERR_RANGE, "minutes"},
    {TYPE_LOC, "1 E 0 E 0", ERR_FORMAT, "direction of the other axis"},
    {TYPE_LOC, "1 N 0 E", ERR_FORMAT, "no altitude"},
    {TYPE_LOC, "1 N 0 E -100000.01", ERR_RANGE, "below the reference"},
    {TYPE_LOC, "1 N 0 E 0 90000000.01", ERR_RANGE, "size"},
    {TYPE_LOC, "1 N 0 E 0 1 1 1 1", ERR_FORMAT, "too much"},
    {TYPE_DS, "1 8 2", ERR_FORMAT, "no digest"},
    {TYPE_DS, "1 8 2 0", ERR_FORMAT, "half an octet"},
    {TYPE_DS, "1 RSASHA9 2 00", ERR_FORMAT, "no such algorithm"},
    {TYPE_RRSIG, "A 5 3 1 20030231000000 0 1 . AA==", ERR_RANGE, "the 31st of February"},
    {TYPE_RRSIG, "A 5 3 1 2003022000000 0 1 . AA==", ERR_RANGE, "13 digits"},
    {TYPE_RRSIG, "NOTYPE 5 3 1 0 0 1 . AA==", ERR_UNKNOWN, "type covered"},
    {TYPE_RRSIG, "A 5 3 1 0 0 1 . A", ERR_FORMAT, "base64"},
    {TYPE_NSEC, "a.", ERR_FORMAT, "RFC 4034 4.1.2: at least one block"},
    {TYPE_NSEC, "a. NOTYPE", ERR_UNKNOWN, "type"},
    {TYPE_NSEC3, "1 1 12 abc 2vptu5timamqttgl4luu9kg21e0aor3s", ERR_FORMAT, "half an octet of salt"},
    {TYPE_NSEC3, "1 1 12 - w", ERR_FORMAT, "not base32hex"},
    {TYPE_SVCB, "1 foo.example.com. ( key123=abc key123=def )", ERR_FORMAT,
        "RFC 9460 D.3 figure 11: key twice"},
    {TYPE_SVCB, "1 foo.example.com. mandatory", ERR_FORMAT, "RFC 9460 D.3 figure 12: no value"},
    {TYPE_SVCB, "1 foo.example.com. alpn", ERR_FORMAT, "RFC 9460 D.3 figure 12"},
    {TYPE_SVCB, "1 foo.example.com. port", ERR_FORMAT, "RFC 9460 D.3 figure 12"},
    {TYPE_SVCB, "1 foo.example.com. ipv4hint", ERR_FORMAT, "RFC 9460 D.3 figure 12"},
    {TYPE_SVCB, "1 foo.example.com. ipv6hint", ERR_FORMAT, "RFC 9460 D.3 figure 12"},
    {TYPE_SVCB, "1 foo.example.com. alpn=h2 no-default-alpn=abc", ERR_FORMAT,
        "RFC 9460 D.3 figure 13: value"},
    {TYPE_SVCB, "1 foo.example.com. mandatory=key123", ERR_FORMAT, "RFC 9460 D.3 figure 14: key is missing"},
    {TYPE_SVCB, "1 foo.example.com. mandatory=mandatory", ERR_FORMAT, "RFC 9460 D.3 figure 15: itself"},
    {TYPE_SVCB, "1 foo.example.com. ( mandatory=key123,key123 key123=abc )", ERR_FORMAT,
        "RFC 9460 D.3 figure 16: twice"},
    {TYPE_SVCB, "1 . no-default-alpn", ERR_FORMAT, "RFC 9460 7.1.1: without alpn"},
    {TYPE_SVCB, "1 . alpn=h2,,h3", ERR_RANGE, "empty item"},
    {TYPE_SVCB, "1 . port=65536", ERR_RANGE, "16 bits"},
    {TYPE_SVCB, "1 . ipv4hint=::1", ERR_FORMAT, "the other family"},
    {TYPE_SVCB, "1 . key01=a", ERR_FORMAT, "RFC 9460 2.1: leading zero"},
    {TYPE_SVCB, "1 . key65536=a", ERR_RANGE, "16 bits"},
    {TYPE_SVCB, "1 . nokey=a", ERR_UNKNOWN, "no such key"},
    {TYPE_URI, "1 1 \"\"", ERR_FORMAT, "RFC 7553 4.4: not empty"},
    {TYPE_CAA, "0 is-sue \"x\"", ERR_FORMAT, "RFC 8659 4.1: letters and digits"},
    {TYPE_CAA, "0 \"\" \"x\"", ERR_FORMAT, "RFC 8659 4.1: not empty"},
    {65280, "01", ERR_FORMAT, "an unknown type has no text but \\#"},
};
#define BAD_TEXT_COUNT (sizeof bad_texts / sizeof bad_texts[0])

/* Octets that are refused. */
static const struct bad_wire {
    uint16_t type;
    const char *wire, *why;
} bad_wires[] = {
    {TYPE_A, "", "nothing"},
    {TYPE_A, "010203", "short"},
    {TYPE_A, "0102030405", "long"},
    {TYPE_AAAA, "01020304", "short"},
    {TYPE_NS, "", "no name"},
    {TYPE_NS, "0161", "name without its end"},
    {TYPE_NS, "016100FF", "octet after the name"},
    {TYPE_NS, "4061", "label type 01"},
    {TYPE_SOA, "00000000000100000002000000030000", "short"},
    {TYPE_MX, "00", "short"},
    {TYPE_MX, "0001", "no name"},
    {TYPE_TXT, "", "RFC 1035 3.3.14: one or more strings"},
    {TYPE_TXT, "0561", "string past the end"},
    {TYPE_TXT, "016102", "second string past the end"},
    {TYPE_HINFO, "0161", "one string"},
    {TYPE_HINFO, "016101620163", "three strings"},
    {TYPE_LOC, "", "no version"},
    {TYPE_LOC, "0033161389172DD070BE15F0009889", "short"},
    {TYPE_LOC, "00A3161389172DD070BE15F000988D20", "mantissa of ten"},
    {TYPE_LOC, "003A161389172DD070BE15F000988D20", "exponent of ten"},
    {TYPE_LOC, "00331613FFFFFFFF70BE15F000988D20", "latitude beyond the pole"},
    {TYPE_LOC, "0033161389172DD00000000000988D20", "longitude beyond 180 degrees"},
    {TYPE_SRV, "000000010009", "no target"},
    {TYPE_NAPTR, "0064003201610D7A", "string past the end"},
    {TYPE_DNAME, "C000", "a pointer: RFC 6672 2.5"},
    {TYPE_DS, "EC450501", "no digest"},
    {TYPE_SSHFP, "0201", "no fingerprint"},
    {TYPE_TLSA, "030101", "no data"},
    {TYPE_CDS, "00000000", "no digest, not even the one octet of RFC 8078"},
    {TYPE_ZONEMD, "7848B78C0101", "no digest"},
    {TYPE_DNSKEY, "01000308", "no key"},
    {TYPE_RRSIG, "00010503000151803E7C9DD73E5510D70A5200", "no signature"},
    {TYPE_RRSIG, "00010503000151803E7C9DD73E5510D70A52C00000", "pointer in the signer's name"},
    {TYPE_NSEC, HOST, "RFC 4034 4.1.2: no block"},
    {TYPE_NSEC,
        "00"
        "0000",
        "block of no octets"},
    {TYPE_NSEC,
        "00"
        "0021000000000000000000000000000000000000000000000000000000000000000001",
        "block of 33 octets"},
    {TYPE_NSEC,
        "00"
        "00024000",
        "zero octet at the end of a block"},
    {TYPE_NSEC,
        "00"
        "000140"
        "000140",
        "same window twice"},
    {TYPE_NSEC,
        "00"
        "010140"
        "000140",
        "windows descend"},
    {TYPE_NSEC,
        "00"
        "000340",
        "block past the end"},
    {TYPE_NSEC,
        "00"
        "00",
        "half a block's head"},
    {TYPE_NSEC3, "0101000C00", "no hash length"},
    {TYPE_NSEC3, "0101000C0000", "RFC 5155 3.2: hash of no octets"},
    {TYPE_NSEC3, "0101000C05AABB", "salt past the end"},
    {TYPE_NSEC3PARAM, "0100000C04AABBCC", "salt past the end"},
    {TYPE_NSEC3PARAM, "0100000C00FF", "octet after the salt"},
    {TYPE_SVCB, "0001", "no target"},
    {TYPE_SVCB, "0001C000", "pointer: RFC 9460 2.2"},
    {TYPE_SVCB, "000100000300", "half a parameter's head"},
    {TYPE_SVCB, "00010000030003003500FF", "octet after the last parameter"},
    {TYPE_SVCB, "00010000030004003500", "value past the end"},
    {TYPE_SVCB,
        "0001000003000200350001000302"
        "6832",
        "keys descend"},
    {TYPE_SVCB,
        "000100"
        "000300020035"
        "000300020035",
        "key twice"},
    {TYPE_SVCB,
        "000100"
        "0000000400040001"
        "00010003026832"
        "00040004C0000201",
        "mandatory descends"},
    {TYPE_SVCB,
        "000100"
        "000000020000",
        "mandatory names itself"},
    {TYPE_SVCB,
        "000100"
        "00000000",
        "mandatory of nothing"},
    {TYPE_SVCB,
        "000100"
        "00010000",
        "alpn of nothing"},
    {TYPE_SVCB,
        "000100"
        "0001000100",
        "alpn with an empty item"},
    {TYPE_SVCB,
        "000100"
        "0001000203"
        "61",
        "alpn item past the end"},
    {TYPE_SVCB,
        "000100"
        "0001000302683200020001"
        "00",
        "no-default-alpn with a value"},
    {TYPE_SVCB,
        "000100"
        "0003000135",
        "port of one octet"},
    {TYPE_HTTPS,
        "000100"
        "00040003C00002",
        "ipv4hint of three octets"},
    {TYPE_HTTPS,
        "000100"
        "00040000",
        "ipv4hint of nothing"},
    {TYPE_HTTPS,
        "000100"
        "00060004C0000201",
        "ipv6hint of four octets"},
    {TYPE_HTTPS,
        "000100"
        "0008000100",
        "ohttp with a value"},
    {TYPE_URI, "000A0001", "RFC 7553 4.4: no target"},
    {TYPE_CAA, "00", "no tag"},
    {TYPE_CAA, "0000", "RFC 8659 4.1: tag of no octets"},
    {TYPE_CAA, "0005697373", "tag past the end"},
    {TYPE_CAA, "0003692D6A78", "hyphen in the tag"},
};
#define BAD_WIRE_COUNT (sizeof bad_wires / sizeof bad_wires[0])

static const name_t origin[] = "\7example";

static struct rdata unhex(const char *hex, struct arena *a)
{
    size_t len = strlen(hex);
    uint8_t *data = arena_alloc(a, len / 2);
    long n = text_unhex(hex, len, data, len / 2);
    assert_true(n >= 0);
    return (struct rdata){.data = data, .len = (uint16_t)n};
}

static void assert_same(const struct rdata *got, const struct rdata *want, const char *what)
{
    if (rdata_compare(got, want) == 0)
        return;
    struct text t;
    text_init(&t);
    text_hex(&t, got->data, got->len);
    fail_msg("%s: got %s", what, t.data);
}

static void reads_text_of_every_type(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata want = unhex(v->wire, &a), got;
        enum err e = rdata_from_text(&got, v->type, CLASS_IN, v->text, strlen(v->text), origin, &a);
        if (e)
            fail_msg("%s (%s): %s", v->text, v->why, err_text(e));
        assert_same(&got, &want, v->text);
    }
    arena_fini(&a);
}

static void prints_every_type_so_that_it_reads_back(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata rd = unhex(v->wire, &a), back;
        struct text t;
        text_init(&t);
        assert_int_equal(rdata_check(v->type, CLASS_IN, rd.data, rd.len), ERR_OK);
        rdata_to_text(&t, v->type, CLASS_IN, &rd);
        assert_string_equal(t.data, v->canonical ? v->canonical : v->text);
        assert_int_equal(rdata_from_text(&back, v->type, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_same(&back, &rd, t.data);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void has_a_vector_for_every_type_of_the_table(void **state)
{
    static const uint16_t types[] = {
#define RRTYPE(name, code, ...) code,
#include "defs/rrtype.def"
#undef RRTYPE
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        bool found = false;
        for (size_t k = 0; k < VECTOR_COUNT; k++)
            found |= vectors[k].type == types[i];
        if (!found)
            fail_msg("no vector for %s", rrtype_name(types[i]));
    }
}

static void accepts_the_generic_form_for_every_type(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct rdata want = unhex(v->wire, &a), got;
        struct text t;
        text_init(&t);
        text_printf(&t, "\\# %u %s", want.len, v->wire);
        assert_int_equal(rdata_from_text(&got, v->type, CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_same(&got, &want, t.data);
        text_fini(&t);
    }
    arena_fini(&a);
}

static void rejects_bad_text(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < BAD_TEXT_COUNT; i++) {
        const struct bad_text *b = &bad_texts[i];
        struct rdata rd;
        enum err e = rdata_from_text(&rd, b->type, CLASS_IN, b->text, strlen(b->text), origin, &a);
        if (e != b->err)
            fail_msg("%s (%s): %s", b->text, b->why, err_text(e));
    }
    arena_fini(&a);
}

static void rejects_bad_wire(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < BAD_WIRE_COUNT; i++) {
        const struct bad_wire *b = &bad_wires[i];
        struct rdata rd = unhex(b->wire, &a), out;
        if (rdata_check(b->type, CLASS_IN, rd.data, rd.len) == ERR_OK)
            fail_msg("accepted %s (%s)", b->wire, b->why);
        struct reader r = reader_of(rd.data, rd.len);
        if (rdata_read(&r, b->type, CLASS_IN, rd.len, &a, &out) == ERR_OK)
            fail_msg("read %s (%s)", b->wire, b->why);
    }
    arena_fini(&a);
}

/* Whatever good RDATA is cut to is either good again or refused, never read beyond. */
static void rejects_or_reads_every_prefix(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct rdata whole = unhex(vectors[i].wire, &a);
        for (uint16_t len = 0; len < whole.len; len++) {
            /* A copy of the exact size, so that a sanitizer sees one octet too many. */
            uint8_t *copy = mem_alloc(len ? len : 1);
            memcpy(copy, whole.data, len);
            struct rdata rd = {.data = copy, .len = len};
            struct text t;
            text_init(&t);
            if (rdata_check(vectors[i].type, CLASS_IN, copy, len) == ERR_OK)
                rdata_to_text(&t, vectors[i].type, CLASS_IN, &rd);
            text_fini(&t);
            mem_free(copy);
        }
    }
    arena_fini(&a);
}

/* RFC 3597 4 and RFC 1035 4.1.4. The message: 12 octets of header, "example." at 12,
 * then RDATA that points there. */
static void decompresses_only_where_the_type_allows(void **state)
{
    static const struct {
        uint16_t type;
        const char *rdata, *want; /* NULL: refused */
    } rows[] = {
        {TYPE_NS,
            "01"
            "61C00C",
            "0161076578616D706C6500"},
        {TYPE_CNAME, "C00C", "076578616D706C6500"},
        {TYPE_PTR, "C00C", "076578616D706C6500"},
        {TYPE_MX, "000AC00C", "000A076578616D706C6500"},
        {TYPE_SOA,
            "C00CC00C"
            "0000000100000002000000030000000400000005",
            "076578616D706C6500076578616D706C6500"
            "0000000100000002000000030000000400000005"},
        {TYPE_SRV, "000000000035C00C", "000000000035076578616D706C6500"},
        {TYPE_NAPTR, "00010001000000C00C", "00010001000000076578616D706C6500"},
        {TYPE_DNAME, "C00C", NULL},
        {TYPE_NSEC, "C00C000140", NULL},
        {TYPE_RRSIG, "00010503000151803E7C9DD73E5510D70A52C00C00", NULL},
        {TYPE_SVCB, "0001C00C", NULL},
        {65280, "C00C", "C00C"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rdata in = unhex(rows[i].rdata, &a), got;
        uint8_t msg[128] = {[12] = 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
        memcpy(msg + 21, in.data, in.len);
        /* Octets after the RDATA that no field may use. */
        struct reader r = reader_of(msg, 21u + in.len + 20u);
        r.pos = 21;
        enum err e = rdata_read(&r, rows[i].type, CLASS_IN, in.len, &a, &got);
        assert_int_equal(e, rows[i].want ? ERR_OK : ERR_FORMAT);
        if (!rows[i].want)
            continue;
        struct rdata want = unhex(rows[i].want, &a);
        assert_same(&got, &want, rows[i].rdata);
        assert_int_equal(r.pos, 21u + in.len);
    }
    arena_fini(&a);
}

/* A name that goes on past RDLENGTH, although the message does too. */
static void refuses_a_name_that_ends_beyond_its_rdata(void **state)
{
    static const uint8_t msg[] = "\3www\7example\0";
    static const uint16_t types[] = {TYPE_NS, TYPE_DNAME, TYPE_CNAME};
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct rdata rd;
        struct reader r = reader_of(msg, sizeof msg - 1);
        assert_int_equal(rdata_read(&r, types[i], CLASS_IN, 6, &a, &rd), ERR_FORMAT);
        r = reader_of(msg, sizeof msg - 1);
        assert_int_equal(rdata_read(&r, types[i], CLASS_IN, 100, &a, &rd), ERR_FORMAT);
    }
    arena_fini(&a);
}

/* RFC 4034 6.2 without NSEC (RFC 6840 5.1). */
static void puts_names_in_lower_case_where_canonical_form_says(void **state)
{
    static const struct {
        uint16_t type;
        const char *text, *want;
    } rows[] = {
        {TYPE_NS, "NS.Example.", "ns.example."},
        {TYPE_SOA, "A. B. 1 2 3 4 5", "a. b. 1 2 3 4 5"},
        {TYPE_MX, "1 A.", "1 a."},
        {TYPE_SRV, "1 2 3 A.", "1 2 3 a."},
        {TYPE_NAPTR, "1 2 \"U\" \"S\" \"R\" A.", "1 2 \"U\" \"S\" \"R\" a."},
        {TYPE_DNAME, "A.", "a."},
        {TYPE_RRSIG, "A 8 1 1 20300101000000 20200101000000 1 Signer.Example. AAAA",
            "A 8 1 1 20300101000000 20200101000000 1 signer.example. AAAA"},
        {TYPE_NSEC, "Next.Example. A", "Next.Example. A"},
        {TYPE_SVCB, "1 A.", "1 A."},
        {TYPE_TXT, "\"ABC\"", "\"ABC\""},
        {TYPE_HINFO, "\"A\" \"B\"", "\"A\" \"B\""},
        {TYPE_CAA, "0 Issue \"CA\"", "0 Issue \"CA\""},
        {65280, "\\# 3 014100", "\\# 3 014100"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rdata in, want;
        uint16_t type = rows[i].type;
        assert_int_equal(
            rdata_from_text(&in, type, CLASS_IN, rows[i].text, strlen(rows[i].text), NULL, &a), ERR_OK);
        assert_int_equal(
            rdata_from_text(&want, type, CLASS_IN, rows[i].want, strlen(rows[i].want), NULL, &a), ERR_OK);
        uint8_t *out = arena_alloc(&a, in.len);
        rdata_canonical(out, type, &in);
        struct rdata got = {.data = out, .len = in.len};
        assert_same(&got, &want, rows[i].text);
    }
    arena_fini(&a);
}

static void orders_by_octets_and_shorter_first(void **state)
{
    const struct rdata empty = {.data = NULL, .len = 0}, a = {.data = (const uint8_t *)"a", .len = 1},
                       aa = {.data = (const uint8_t *)"aa", .len = 2},
                       b = {.data = (const uint8_t *)"\xff", .len = 1};
    assert_int_equal(rdata_compare(&a, &a), 0);
    assert_true(rdata_compare(&empty, &a) < 0);
    assert_true(rdata_compare(&a, &aa) < 0);
    assert_true(rdata_compare(&b, &aa) > 0);
}

struct pieces {
    uint8_t octets[512];
    size_t len;
    unsigned names, count;
};

static void keep_piece(void *ctx, const uint8_t *p, size_t len, bool compressible_name)
{
    struct pieces *out = ctx;
    memcpy(out->octets + out->len, p, len);
    out->len += len;
    out->names += compressible_name;
    out->count++;
}

/* RFC 3597 4: only the types of RFC 1035. */
static void offers_names_for_compression_only_in_types_of_rfc1035(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct rdata rd = unhex(vectors[i].wire, &a);
        struct pieces got = {0};
        unsigned names = 0;
        switch (vectors[i].type) {
        case TYPE_NS:
        case TYPE_CNAME:
        case TYPE_PTR:
        case TYPE_MX:
            names = 1;
            break;
        case TYPE_SOA:
            names = 2;
        }
        rdata_pieces(vectors[i].type, &rd, keep_piece, &got);
        struct rdata joined = {.data = got.octets, .len = (uint16_t)got.len};
        assert_same(&joined, &rd, vectors[i].text);
        assert_int_equal(got.names, names);
    }
    arena_fini(&a);
}

static void finds_the_target_of_types_that_have_one(void **state)
{
    static const struct {
        uint16_t type;
        const char *text;
    } rows[] = {{TYPE_NS, "t.example."}, {TYPE_CNAME, "t.example."}, {TYPE_DNAME, "t.example."},
        {TYPE_PTR, "t.example."}, {TYPE_MX, "10 t.example."}, {TYPE_SRV, "1 2 3 t.example."}};
    struct arena a;
    arena_init(&a);
    struct rdata rd;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint16_t type = rows[i].type;
        assert_int_equal(
            rdata_from_text(&rd, type, CLASS_IN, rows[i].text, strlen(rows[i].text), NULL, &a), ERR_OK);
        assert_true(name_equal(rdata_target(type, &rd), (const name_t *)"\1t\7example"));
    }
    assert_int_equal(rdata_from_text(&rd, TYPE_TXT, CLASS_IN, "abc", 3, NULL, &a), ERR_OK);
    assert_null(rdata_target(TYPE_TXT, &rd));
    arena_fini(&a);
}

/* RFC 3597 4: addresses are of class IN only. */
static void takes_addresses_of_other_classes_as_opaque(void **state)
{
    static const uint8_t chaos[] = "\2ch\0\1\2";
    struct rdata rd = {.data = chaos, .len = sizeof chaos - 1};
    struct text t;
    char buf[64];
    text_init_fixed(&t, buf, sizeof buf);
    assert_int_equal(rdata_check(TYPE_A, CLASS_CH, rd.data, rd.len), ERR_OK);
    rdata_to_text(&t, TYPE_A, CLASS_CH, &rd);
    assert_string_equal(t.data, "\\# 6 026368000102");
    assert_int_equal(rdata_check(TYPE_TXT, CLASS_CH, (const uint8_t *)"\1a", 2), ERR_OK);
    assert_int_equal(rdata_check(TYPE_TXT, CLASS_CH, (const uint8_t *)"\2a", 2), ERR_FORMAT);
}

/* Five shapes of RDATA through every code (CVE-2025-13878: a rare type was enough to stop a server). */
static void no_type_code_trips_anything(void **state)
{
    static const char *const shapes[] = {
        "", "00", "C000", "016100", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"};
    struct arena a;
    arena_init(&a);
    for (unsigned type = 0; type <= 0xffff; type++) {
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            struct rdata in = unhex(shapes[i], &a), rd;
            struct reader r = reader_of(in.data, in.len);
            if (rdata_read(&r, (uint16_t)type, CLASS_IN, in.len, &a, &rd) != ERR_OK)
                continue;
            struct text t;
            char buf[256];
            text_init_fixed(&t, buf, sizeof buf);
            rdata_to_text(&t, (uint16_t)type, CLASS_IN, &rd);
            assert_int_equal(rdata_check((uint16_t)type, CLASS_IN, rd.data, rd.len), ERR_OK);
        }
        arena_reset(&a);
    }
    arena_fini(&a);
}

static void carries_the_longest_rdata_through_text(void **state)
{
    struct arena a;
    arena_init(&a);
    uint8_t *data = arena_alloc(&a, 65535);
    memset(data, 0xff, 65535);
    struct rdata rd = {.data = data, .len = 65535}, back;
    static const uint16_t types[] = {TYPE_TXT, TYPE_DNSKEY, TYPE_URI, 65280};
    data[65280] = 254; /* 255 strings of 255 octets, then one of 254 */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct text t;
        text_init(&t);
        assert_int_equal(rdata_check(types[i], CLASS_IN, rd.data, rd.len), ERR_OK);
        rdata_to_text(&t, types[i], CLASS_IN, &rd);
        assert_int_equal(rdata_from_text(&back, types[i], CLASS_IN, t.data, t.len, NULL, &a), ERR_OK);
        assert_int_equal(rdata_compare(&back, &rd), 0);
        text_fini(&t);
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_text_of_every_type),
        cmocka_unit_test(prints_every_type_so_that_it_reads_back),
        cmocka_unit_test(has_a_vector_for_every_type_of_the_table),
        cmocka_unit_test(accepts_the_generic_form_for_every_type),
        cmocka_unit_test(rejects_bad_text),
        cmocka_unit_test(rejects_bad_wire),
        cmocka_unit_test(rejects_or_reads_every_prefix),
        cmocka_unit_test(decompresses_only_where_the_type_allows),
        cmocka_unit_test(refuses_a_name_that_ends_beyond_its_rdata),
        cmocka_unit_test(puts_names_in_lower_case_where_canonical_form_says),
        cmocka_unit_test(orders_by_octets_and_shorter_first),
        cmocka_unit_test(offers_names_for_compression_only_in_types_of_rfc1035),
        cmocka_unit_test(finds_the_target_of_types_that_have_one),
        cmocka_unit_test(takes_addresses_of_other_classes_as_opaque),
        cmocka_unit_test(no_type_code_trips_anything),
        cmocka_unit_test(carries_the_longest_rdata_through_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
